import Hls, { ErrorTypes, type HlsConfig } from "hls.js";
import type { Copy } from "./copy.ts";
import { type MediaList, withoutDirectives } from "./list.ts";
import { lookAt } from "./look.ts";
import { Rescue, type Source } from "./rescue.ts";
import { type Sources, sourceLoader } from "./source-loader.ts";

const TICK_MS = 200;
/** How often the copy is asked by one who needs it, ms. It may be kept for a second. */
const ASK_MS = 300;
/** The longest that hls.js waits for a list of the copy that says more than the last; and for any. */
const NEWS_MS = 4_000;
const ANY_MS = 8_000;
/** How long one whose primary has failed for good waits for the copy to have more, ms. */
const HOPE_MS = 3_000;
/** Less than this is not played any more, s. */
const DRY_SECONDS = 0.1;
/** With so little in hand the copy is played slower, s: its segments come late by what it may be kept, and by how it is asked. */
const LEAN_SECONDS = 0.7;
/** Over this time it is looked what was in hand at the least, ms: two segments. */
const LEAN_MS = 4_000;
/** With so much in hand the primary can be turned back to unheard, s; and so long that is waited for, ms. */
const RICH_SECONDS = 1;
const RICH_MS = 4_000;
/** The copy's media playlist may be another after this long, ms: each timeline has its own. */
const SAME_MS = 10_000;
/** By so much more the copy must have, ms: dates are whole milliseconds, and the browser rounds. */
const ROUNDING_MS = 100;

/**
 * Has hls.js go on with the copy where the primary fails, and with the primary when that is well again. What has been loaded
 * stays; nothing is skipped or heard twice.
 */
export class Rescuer implements Sources {
  readonly #audio: HTMLAudioElement;
  readonly #url: string;
  readonly #tellLost: () => void;
  readonly #rescue = new Rescue();
  #copy: Copy | null = null;
  #hls: Hls | null = null;
  #timer = 0;
  #hope = 0;
  #held = 0;
  #start = -1;
  #isAsking = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #primaryList: string | null = null;
  /** Since when the primary is known to be well; null where it is not. */
  #wellAt: number | null = null;
  /** When there was little in hand last. */
  #leanAt = Number.NEGATIVE_INFINITY;
  /** Of the copy: the list that hls.js is given next, and the date to which it has been given them, ms since 1970. */
  #next: MediaList | null = null;
  #given = Number.NEGATIVE_INFINITY;
  /** To this date the show has been heard, ms since 1970. */
  #heard = Number.NEGATIVE_INFINITY;

  /**
   * @param url the playback URL
   * @param tellLost called where neither brings anything, and the player has to join anew
   */
  constructor(audio: HTMLAudioElement, url: string, copy: Promise<Copy | null>, tellLost: () => void) {
    this.#audio = audio;
    this.#url = url;
    this.#tellLost = tellLost;
    void copy.then((found) => {
      this.#copy = found;
    });
  }

  get source(): Source {
    return this.#rescue.source;
  }

  get primaryList(): string | null {
    return this.#primaryList;
  }

  /** The playback URL of the copy; null where there is none. */
  get copyUrl(): string | null {
    return this.#copy?.playbackUrl ?? null;
  }

  /** Whether to play a little slower: the copy is played, and runs dry now and then. */
  get isLean(): boolean {
    return this.#rescue.source === "copy" && performance.now() - this.#leanAt < LEAN_MS;
  }

  /** What hls.js is made with. With a copy it goes on trying where it has media, and says at once that it can not join. */
  config(): Partial<HlsConfig> {
    const pLoader = sourceLoader(this);
    if (this.#copy === null) return { pLoader };
    const { playlistLoadPolicy, manifestLoadPolicy } = Hls.DefaultConfig;
    const retry = { maxNumRetry: 8, retryDelayMs: 500, maxRetryDelayMs: 2_000 };
    return {
      pLoader,
      // The copy's names of segments are others than the primary's, which hls.js 1.7.4 takes for a fault of the server.
      ignorePlaylistParsingErrors: true,
      manifestLoadPolicy: {
        default: { ...manifestLoadPolicy.default, timeoutRetry: null, errorRetry: null },
      },
      playlistLoadPolicy: {
        default: { ...playlistLoadPolicy.default, timeoutRetry: retry, errorRetry: retry },
      },
    };
  }

  /** A player joins with this hls.js; `start` is its place in a replay, seconds, or -1. */
  begin(hls: Hls, start: number): void {
    this.end();
    this.#start = start;
    this.#hls = hls;
    this.#primaryList = null;
    this.#held = 0;
    this.#wellAt = null;
    this.#rescue.join(performance.now());
    hls.on(Hls.Events.ERROR, (_event, { type }) => {
      if (hls === this.#hls && this.#held === 0 && type === ErrorTypes.NETWORK_ERROR) this.#rescue.failed();
    });
    this.#timer = window.setInterval(() => this.#tick(hls), TICK_MS);
  }

  /** The relay does not answer otherwise: a join is in doubt from its beginning. */
  doubt(): void {
    this.#rescue.failed();
  }

  end(): void {
    window.clearInterval(this.#timer);
    window.clearTimeout(this.#hope);
    this.#hls = null;
    this.#next = null;
  }

  /** hls.js has given up loading. Whether that is no matter yet: the copy is asked, and `tellLost` called where it has nothing. */
  mayHelp(hls: Hls, trouble: ErrorTypes): boolean {
    if (trouble !== ErrorTypes.NETWORK_ERROR) return false;
    this.#rescue.failed();
    if (this.#copy === null || this.#rescue.source === "copy") return false;
    window.clearTimeout(this.#hope);
    this.#hope = window.setTimeout(() => {
      if (hls === this.#hls && this.#rescue.source === "primary") this.#tellLost();
    }, HOPE_MS);
    return true;
  }

  had(url: string): void {
    this.#primaryList = withoutDirectives(url);
  }

  async next(): Promise<MediaList | null> {
    const from = performance.now();
    for (;;) {
      const list = this.#next ?? (await this.#copy?.list()) ?? null;
      this.#next = null;
      const took = performance.now() - from;
      if (list !== null && (list.isOver || list.end > this.#given || took > NEWS_MS)) {
        this.#given = list.end;
        return list;
      }
      if (took > ANY_MS) return null;
      await new Promise((resolve) => window.setTimeout(resolve, ASK_MS));
    }
  }

  #tick(hls: Hls): void {
    const now = performance.now();
    const end = bufferedEnd(this.#audio);
    if (end > this.#held) {
      this.#held = end;
      this.#rescue.moved(now, patienceOf(hls));
    }
    const ahead = end - this.#audio.currentTime;
    if (ahead < LEAN_SECONDS) this.#leanAt = now;
    if (this.#held > 0) this.#heard = dateOf(hls, this.#audio.currentTime) ?? this.#heard;
    this.#rescue.dry(now);
    // A replay has half a minute in hand, and its lists count their segments otherwise.
    if (this.#copy === null || hls.latestLevelDetails?.live === false) return;
    if (this.#held > 0 && ahead < DRY_SECONDS && this.#rescue.isLost(now)) this.#tellLost();
    else if (this.#isAsking) return;
    else if (this.#wellAt !== null)
      this.#return(hls, now, ahead >= RICH_SECONDS || now - this.#wellAt > RICH_MS);
    else if (this.#rescue.isInDoubt(now)) void this.#askCopy(hls, this.#copy, now);
    else if (this.#rescue.shallLook(now)) void this.#look(hls);
  }

  async #askCopy(hls: Hls, copy: Copy, before: number): Promise<void> {
    if (before - this.#askedAt < ASK_MS) return;
    this.#isAsking = true;
    const list = await copy.list(hls.latestLevelDetails === null || before - this.#askedAt > SAME_MS);
    this.#isAsking = false;
    const now = performance.now();
    this.#askedAt = now;
    if (hls !== this.#hls || list === null || !this.#rescue.isInDoubt(now) || !this.#hasMore(hls, list))
      return;
    this.#rescue.toCopy(now);
    this.#next = list;
    this.#given = Number.NEGATIVE_INFINITY;
    if (hls.levels.length === 0) {
      hls.loadSource(copy.playbackUrl);
      hls.startLoad(this.#start);
    } else this.#goOn(hls);
  }

  async #look(hls: Hls): Promise<void> {
    this.#isAsking = true;
    const list = await lookAt(this.#url, this.#primaryList);
    this.#isAsking = false;
    const now = performance.now();
    if (hls !== this.#hls) return;
    if (list === null || list.end < this.#given) {
      this.#rescue.stillIll(now);
    } else {
      this.#primaryList = list.url;
      this.#wellAt = now;
    }
  }

  #return(hls: Hls, now: number, isTime: boolean): void {
    if (!isTime) return;
    this.#wellAt = null;
    this.#rescue.toPrimary(now);
    this.#goOn(hls);
  }

  /** Whether a list of the copy has more than has been loaded; where nothing is, whether it has more than has been heard. */
  #hasMore(hls: Hls, { end }: MediaList): boolean {
    const held = this.#held === 0 ? null : dateOf(hls, this.#held);
    return end > (held ?? this.#heard) + ROUNDING_MS;
  }

  /** Loads the list anew, and what is lacking. */
  #goOn(hls: Hls): void {
    hls.stopLoad();
    hls.startLoad(this.#held === 0 ? -1 : this.#audio.currentTime);
  }
}

function bufferedEnd({ buffered }: HTMLAudioElement): number {
  return buffered.length === 0 ? 0 : buffered.end(buffered.length - 1);
}

/** When `time` of the element was on the air, ms since 1970; null where hls.js has no list yet. */
function dateOf(hls: Hls, time: number): number | null {
  const first = hls.latestLevelDetails?.fragments[0];
  const date = first?.programDateTime ?? null;
  return first === undefined || date === null ? null : date + 1000 * (time - first.start);
}

/** How long after media has come more may be waited for, ms: two parts, or where there are none, a segment and a half. */
function patienceOf(hls: Hls): number {
  const details = hls.latestLevelDetails;
  if (details === null) return 0;
  return 1000 * (details.partTarget > 0 ? 2 * details.partTarget : 1.5 * details.targetduration);
}
