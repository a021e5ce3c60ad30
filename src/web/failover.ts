import Hls, { ErrorTypes, type HlsConfig } from "hls.js";
import type { Copy, CopySearch } from "./copy.ts";
import { FailoverPlan, type Source } from "./failover-plan.ts";
import { type MediaList, readMediaList, withoutDirectives } from "./list.ts";
import { checkPrimary } from "./primary-check.ts";
import { type Sources, sourceLoader } from "./source-loader.ts";

/** How often the failover checks the player, ms. */
const TICK_MS = 200;
/** The polling interval of the copy while a page needs it, ms. Caches may keep its playlist for a second. */
const ASK_MS = 300;
/** How long hls.js may wait for a playlist of the copy that has more media than the last one, ms; and for any playlist of it. */
const NEWER_LIST_TIMEOUT_MS = 4_000;
const ANY_LIST_TIMEOUT_MS = 8_000;
/** After the primary has failed for good: how long to wait for new media on the copy before giving up, ms. */
const GIVE_UP_MS = 3_000;
/** A buffer shorter than this counts as empty, because browsers do not play the rest, s. */
const DRY_SECONDS = 0.1;
/** With less than this buffered, s, the copy is played more slowly: its segments arrive late, by cache lifetime and polling. */
const LEAN_SECONDS = 0.7;
/** How long the copy is played more slowly after the buffer was last that short, ms: two segments. */
const LEAN_MS = 4_000;
/** With this much buffered, s, a return to the primary is inaudible. The return waits for that, RICH_MS at most. */
const RICH_SECONDS = 1;
const RICH_MS = 4_000;
/** When the copy was last asked longer ago than this, ms, its multivariant playlist is read again: it may name a new timeline. */
const SAME_TIMELINE_MS = 10_000;
/** The copy has more media only if it ends later by more than this, ms: dates are whole ms, and the browser rounds. */
const ROUNDING_MS = 100;

/**
 * Lets hls.js go on with the copy when the primary fails, and with the primary when that is well again. Loaded media stays in
 * the buffer; nothing is skipped or heard twice.
 */
export class Failover implements Sources {
  readonly #audio: HTMLAudioElement;
  readonly #url: string;
  readonly #tellLost: () => void;
  readonly #plan = new FailoverPlan();
  readonly #search: CopySearch;
  #hls: Hls | null = null;
  #timer = 0;
  #giveUpTimer = 0;
  /** Where the buffer has ended at its furthest since the join, s of the element; 0 where it has been empty. */
  #loadedTo = 0;
  /** Where to start loading: a position in a replay, s, or -1 for hls.js's own choice. */
  #start = -1;
  /** Whether a request to the copy, or a check of the primary, is under way. */
  #isAsking = false;
  /** When the copy was last asked, by performance.now(). */
  #askedAt = Number.NEGATIVE_INFINITY;
  #primaryList: string | null = null;
  /** The date to which the primary's playlists reach that hls.js has got since the join, ms since 1970. */
  #primaryTo = Number.NEGATIVE_INFINITY;
  /** Since when the primary is known to be well, by performance.now(); null where it is not. */
  #wellAt: number | null = null;
  /** When the buffer was last short, by performance.now(). */
  #leanAt = Number.NEGATIVE_INFINITY;
  /** The playlist of the copy that hls.js gets next, and the date to which those that it has got reach, ms since 1970. */
  #nextList: MediaList | null = null;
  #givenTo = Number.NEGATIVE_INFINITY;
  /** The date up to which the listener has heard the show, ms since 1970. */
  #heardTo = Number.NEGATIVE_INFINITY;

  /**
   * @param url the playback URL
   * @param tellLost called when neither source brings media, so that the player has to join again
   */
  constructor(audio: HTMLAudioElement, url: string, search: CopySearch, tellLost: () => void) {
    this.#audio = audio;
    this.#url = url;
    this.#tellLost = tellLost;
    this.#search = search;
  }

  get #copy(): Copy | null {
    return this.#search.copy;
  }

  get source(): Source {
    return this.#plan.source;
  }

  get primaryList(): string | null {
    return this.#primaryList;
  }

  /** The date up to which the listener has heard the show by hls.js, ms since 1970; null where it is not known. */
  get heardTo(): number | null {
    return Number.isFinite(this.#heardTo) ? this.#heardTo : null;
  }

  /** Whether to play slightly slower: the copy is being played, and the buffer was short a moment ago. */
  get isLean(): boolean {
    return this.#plan.source === "copy" && performance.now() - this.#leanAt < LEAN_MS;
  }

  /**
   * Returns hls.js's configuration. If there may be a copy, hls.js keeps retrying media playlists and media, but reports at once
   * that it can not load the multivariant playlist.
   */
  config(): Partial<HlsConfig> {
    const pLoader = sourceLoader(this);
    if (!this.#search.isPossible) return { pLoader };
    const { playlistLoadPolicy, manifestLoadPolicy, fragLoadPolicy } = Hls.DefaultConfig;
    const retry = { maxNumRetry: 8, retryDelayMs: 500, maxRetryDelayMs: 2_000 };
    // On the way to the copy, hls.js asks for media of the primary's list once more, and loads nothing until it may ask again. It
    // gives up after 32 s, not before a replay's buffer is empty.
    const soon = { maxNumRetry: 34, retryDelayMs: 200, maxRetryDelayMs: 1_000 };
    return {
      pLoader,
      // The copy names its segments differently from the primary, which hls.js 1.7.4 would take for a fault of the server.
      ignorePlaylistParsingErrors: true,
      manifestLoadPolicy: {
        default: { ...manifestLoadPolicy.default, timeoutRetry: null, errorRetry: null },
      },
      playlistLoadPolicy: {
        default: { ...playlistLoadPolicy.default, timeoutRetry: retry, errorRetry: retry },
      },
      fragLoadPolicy: { default: { ...fragLoadPolicy.default, errorRetry: soon } },
    };
  }

  /** Watches this hls.js, with which a player joins. `start` is its position in a replay, s, or -1. */
  begin(hls: Hls, start: number): void {
    this.end();
    this.#start = start;
    this.#hls = hls;
    this.#primaryList = null;
    this.#primaryTo = Number.NEGATIVE_INFINITY;
    this.#loadedTo = 0;
    this.#wellAt = null;
    this.#plan.join(performance.now());
    hls.on(Hls.Events.ERROR, (_event, { type }) => {
      if (hls === this.#hls && this.#loadedTo === 0 && type === ErrorTypes.NETWORK_ERROR) this.#plan.failed();
    });
    this.#timer = window.setInterval(() => this.#tick(hls), TICK_MS);
  }

  /** Puts the next join in doubt from its beginning, because the relay has left other requests unanswered. */
  doubt(): void {
    this.#plan.failed();
  }

  /** Stops watching. */
  end(): void {
    window.clearInterval(this.#timer);
    window.clearTimeout(this.#giveUpTimer);
    this.#hls = null;
    this.#nextList = null;
  }

  /**
   * Whether the copy may still help now that hls.js has given up loading. If so, the copy is asked, and `tellLost` is called if
   * the player is not on the copy within {@link GIVE_UP_MS}.
   */
  canCopyHelp(hls: Hls, trouble: ErrorTypes): boolean {
    if (trouble !== ErrorTypes.NETWORK_ERROR) return false;
    this.#plan.failed();
    if (this.#copy === null || this.#plan.source === "copy") return false;
    window.clearTimeout(this.#giveUpTimer);
    this.#giveUpTimer = window.setTimeout(() => {
      if (hls === this.#hls && this.#plan.source === "primary") this.#tellLost();
    }, GIVE_UP_MS);
    return true;
  }

  /**
   * With an older playlist hls.js 1.7.4 would take all media for one segment later than it is, and wait for a segment that it has.
   * It retries only where there may be a copy ({@link config}), so only there is such a playlist kept from it.
   */
  tookPrimaryList(text: string, url: string): boolean {
    const list = this.#search.isPossible ? readMediaList(text, url) : null;
    if (list !== null && !list.isOver && list.end < this.#primaryTo - ROUNDING_MS) return false;
    this.#primaryTo = list?.end ?? this.#primaryTo;
    this.#primaryList = withoutDirectives(url);
    return true;
  }

  async nextCopyList(): Promise<MediaList | null> {
    const from = performance.now();
    for (;;) {
      const list = this.#nextList ?? (await this.#copy?.list()) ?? null;
      this.#nextList = null;
      const took = performance.now() - from;
      if (list !== null && (list.isOver || list.end > this.#givenTo || took > NEWER_LIST_TIMEOUT_MS)) {
        this.#givenTo = list.end;
        return list;
      }
      if (took > ANY_LIST_TIMEOUT_MS) return null;
      await new Promise((resolve) => window.setTimeout(resolve, ASK_MS));
    }
  }

  #tick(hls: Hls): void {
    const now = performance.now();
    const end = bufferedEnd(this.#audio);
    if (end > this.#loadedTo) {
      this.#loadedTo = end;
      this.#plan.moved(now, patienceOf(hls));
    }
    const ahead = end - this.#audio.currentTime;
    if (ahead < LEAN_SECONDS) this.#leanAt = now;
    if (this.#loadedTo > 0) this.#heardTo = dateOf(hls, this.#audio.currentTime) ?? this.#heardTo;
    this.#plan.noteIfDry(now);
    // A replay has no failover: it has half a minute buffered, and its lists number their segments differently.
    if (hls.latestLevelDetails?.live === false) return;
    if (this.#copy === null) {
      if (this.#plan.isInDoubt(now)) this.#search.hurry();
      return;
    }
    if (this.#loadedTo > 0 && ahead < DRY_SECONDS && this.#plan.isLost(now)) this.#tellLost();
    else if (this.#isAsking) return;
    else if (this.#wellAt !== null)
      this.#return(hls, now, ahead >= RICH_SECONDS || now - this.#wellAt > RICH_MS);
    else if (this.#plan.isInDoubt(now)) void this.#askCopy(hls, this.#copy, now);
    else if (this.#plan.isCheckDue(now)) void this.#check(hls);
  }

  async #askCopy(hls: Hls, copy: Copy, before: number): Promise<void> {
    if (before - this.#askedAt < ASK_MS) return;
    this.#isAsking = true;
    const list = await copy.list(
      hls.latestLevelDetails === null || before - this.#askedAt > SAME_TIMELINE_MS,
    );
    this.#isAsking = false;
    const now = performance.now();
    this.#askedAt = now;
    if (hls !== this.#hls || list === null || !this.#plan.isInDoubt(now) || !this.#hasMore(hls, list)) return;
    this.#plan.toCopy(now);
    this.#nextList = list;
    this.#givenTo = Number.NEGATIVE_INFINITY;
    if (hls.levels.length === 0) {
      hls.loadSource(copy.playbackUrl);
      hls.startLoad(this.#start);
    } else this.#goOn(hls);
  }

  async #check(hls: Hls): Promise<void> {
    this.#isAsking = true;
    const list = await checkPrimary(this.#url, this.#primaryList);
    this.#isAsking = false;
    const now = performance.now();
    if (hls !== this.#hls) return;
    if (list === null || list.end < this.#givenTo) {
      this.#plan.checkFailed(now);
    } else {
      this.#primaryList = list.url;
      this.#wellAt = now;
    }
  }

  #return(hls: Hls, now: number, isTime: boolean): void {
    if (!isTime) return;
    this.#wellAt = null;
    this.#plan.toPrimary(now);
    // Another server of the relay may not be well yet, and answer with an older list than the one that was checked.
    this.#primaryTo = Math.max(this.#primaryTo, this.#givenTo);
    this.#goOn(hls);
  }

  /** Whether a list of the copy has more media than has been loaded; if nothing has been loaded, more than has been heard. */
  #hasMore(hls: Hls, { end }: MediaList): boolean {
    const held = this.#loadedTo === 0 ? null : dateOf(hls, this.#loadedTo);
    return end > (held ?? this.#heardTo) + ROUNDING_MS;
  }

  /** Makes hls.js load the playlist again, from the present source, and then the missing media. */
  #goOn(hls: Hls): void {
    hls.stopLoad();
    // Otherwise hls.js would load it only when it expects the last source to list more, up to a segment from now.
    if (hls.latestLevelDetails !== null) hls.latestLevelDetails.requestScheduled = 0;
    hls.startLoad(this.#loadedTo === 0 ? -1 : this.#audio.currentTime);
  }
}

function bufferedEnd({ buffered }: HTMLAudioElement): number {
  return buffered.length === 0 ? 0 : buffered.end(buffered.length - 1);
}

/** Converts an element's `time`, s, to the date of that media, ms since 1970; null where hls.js has no list with dates yet. */
function dateOf(hls: Hls, time: number): number | null {
  const first = hls.latestLevelDetails?.fragments[0];
  const date = first?.programDateTime ?? null;
  return first === undefined || date === null ? null : date + 1000 * (time - first.start);
}

/** How long the next media may take, ms: two parts or, where there are no parts, one and a half target durations. */
function patienceOf(hls: Hls): number {
  const details = hls.latestLevelDetails;
  if (details === null) return 0;
  return 1000 * (details.partTarget > 0 ? 2 * details.partTarget : 1.5 * details.targetduration);
}
