import Hls, { type ErrorData, type LevelDetails } from "hls.js";
import { backoff } from "./backoff.ts";
import type { CopySearch } from "./copy.ts";
import { dateAt, hasNoOutput, makeHls, playHush, playsNatively } from "./element.ts";
import { Failover } from "./failover.ts";
import { hasPlayedAll, playToTheEnd } from "./list-end.ts";
import { type DateRanges, Heard, type PlayerState, type Stretch } from "./player-state.ts";
import { NativeSource } from "./primary-check.ts";
import type { PlaybackPosition } from "./replay.ts";
import { closeUp, pace } from "./target-position.ts";

const RETRY_BASE_MS = 500;
const RETRY_CEILING_MS = 15_000;
/** How long a prepared player may be used, ms. Later the show may have closed its doors, and opened them under another epoch. */
const READY_MS = 10 * 60_000;
/**
 * A player whose position has not changed for this long, ms, has failed, even without an error. The relay holds a playlist for
 * 6 s at most, three target durations. A browser's own player that can turn to the copy, which costs it little, does so earlier.
 */
const [DEAD_MS, DEAD_WITH_COPY_MS] = [12_000, 4_000];
/** After this long without a failure, ms, the backoff starts again from its base. */
const SETTLED_MS = 20_000;

/**
 * Plays one live HLS URL on an audio element, and keeps it playing: after every fatal error, endless stall or change of network
 * it joins again at the live edge, with a backoff of bounded length. Pausing leaves the show: the player then makes no requests.
 * Playing joins at the live edge, however long the pause was.
 */
export class Player {
  readonly #audio: HTMLAudioElement;
  readonly #url: string;
  readonly #tell: (playing: PlayerState) => void;
  readonly #listed: (dateRanges: DateRanges) => void;
  readonly #failover: Failover;
  /** What a browser that reads playlists itself gets. */
  readonly #native: NativeSource;
  #hls: Hls | null = null;
  /** An hls.js that is prepared for the next join, and when it was made (ms since 1970). */
  #ready: { readonly hls: Hls; readonly at: number } | null = null;
  /** Whether the listener wants to hear the show. */
  #wanted = false;
  /** How many times in a row joining has failed. */
  #attempt = 0;
  /** The timer of the next join; 0 where none is planned. */
  #timer = 0;
  /** When the position last changed, and when the player joined, ms since 1970. */
  #movedAt = 0;
  #joinedAt = 0;
  #position = -1;
  /** Whether no sound has been played since the last join. */
  #fresh = false;
  readonly #heard = new Heard();
  /** Why the player has to join again. */
  #trouble: "reconnecting" | "no-output" = "reconnecting";

  constructor(
    audio: HTMLAudioElement,
    url: string,
    search: CopySearch,
    tell: (playing: PlayerState) => void,
    listed: (dateRanges: DateRanges) => void,
  ) {
    this.#audio = audio;
    this.#url = url;
    this.#tell = tell;
    this.#listed = listed;
    this.#failover = new Failover(audio, url, search, () => this.#failed());
    this.#native = new NativeSource(url, search, () => this.#joinAgain());
    search.onFound(() => this.#hurry());
    audio.addEventListener("playing", () => this.#sounding());
    audio.addEventListener("ended", () => this.#ended());
    audio.addEventListener("waiting", () => this.#waits());
    audio.addEventListener("error", () => this.#failed());
    audio.addEventListener("pause", () => this.#paused());
    window.addEventListener("online", () => this.#hurry());
    window.setInterval(() => this.#watch(), 1000);
  }

  /**
   * Prepares the first join before play is pressed: attaches the element and loads the multivariant playlist. It requests that
   * playlist once, and nothing else before {@link play}.
   */
  prepare(): void {
    if (this.#wanted || this.#ready !== null || playsNatively(this.#audio)) return;
    this.#getReady().loadSource(this.#url);
  }

  /**
   * Joins at the live edge. Call it while a press is handled, or after {@link unlock} was called during one.
   *
   * @param isInDoubt whether the relay has left other requests unanswered, so that the copy should be asked at once
   */
  play(isInDoubt = false): void {
    if (isInDoubt) this.#failover.doubt();
    this.#wanted = true;
    this.#attempt = 0;
    this.#native.press();
    this.#heard.press();
    this.#trouble = "reconnecting";
    this.#join();
  }

  /** The listener's position in a replay; null while no replay is played. */
  get playbackPosition(): PlaybackPosition {
    const { currentTime, duration } = this.#audio;
    const isThere = this.#wanted && this.#heard.replays && Number.isFinite(duration) && duration > 0;
    return isThere ? { at: currentTime, of: duration } : null;
  }

  /** Seeks in a replay; otherwise does nothing. */
  seek(seconds: number): void {
    if (this.playbackPosition !== null) this.#audio.currentTime = seconds;
  }

  /** Leaves the show. The next {@link play} resumes a replay where it was left. */
  stop(): void {
    this.#wanted = false;
    this.#leave();
    this.#tell("stopped");
    if (!playsNatively(this.#audio)) this.#getReady();
  }

  /** Call it while a press is handled: the element may then play sound later without a press (WebKit grants that per element). */
  unlock(): void {
    this.#leave();
    playHush(this.#audio);
  }

  #join(): void {
    const ready = this.#ready;
    this.#ready = null;
    const isOld = ready !== null && Date.now() - ready.at > READY_MS;
    if (isOld) ready.hls.destroy();
    if (ready === null || isOld) this.#leave();
    this.#tell(this.#attempt === 0 ? "joining" : this.#trouble);
    this.#movedAt = this.#joinedAt = Date.now();
    this.#position = -1;
    this.#fresh = true;
    if (playsNatively(this.#audio)) {
      this.#audio.src = this.#native.begin();
      this.#start();
      return;
    }
    const hls = ready === null || isOld ? this.#open() : ready.hls;
    this.#hls = hls;
    const start = this.#heard.start;
    hls.config.startPosition = start; // Before its first list, hls.js forgets the position given to startLoad.
    if (hls.url === null) hls.loadSource(this.#url);
    this.#failover.begin(hls, start);
    hls.startLoad(start);
    if (hls.levels.length > 0) this.#start();
  }

  #getReady(): Hls {
    const hls = this.#open();
    this.#ready = { hls, at: Date.now() };
    return hls;
  }

  /** Makes an hls.js and attaches it to the element. It loads nothing yet. */
  #open(): Hls {
    const hls = makeHls(this.#failover.config());
    hls.on(Hls.Events.ERROR, (_event, data) => this.#erred(hls, data));
    playToTheEnd(hls, this.#audio);
    hls.once(Hls.Events.LEVEL_UPDATED, (_event, { details }) => this.#beginWith(hls, details));
    hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => {
      this.#listed(Object.values(details.dateRanges).flatMap((range) => range?.attr ?? []));
    });
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      if (hls === this.#hls) this.#start();
    });
    hls.attachMedia(this.#audio);
    return hls;
  }

  /** Decides by the first list where to begin. */
  #beginWith(hls: Hls, { live, fragments }: LevelDetails): void {
    const place = this.#heard.begin(live, fragments);
    // In a timer, so that hls.js has processed the list before it is destroyed.
    if (place === "ended") window.setTimeout(() => hls === this.#hls && this.#ended());
    else if (place !== null) hls.startLoad(place);
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#failover.end();
    this.#native.end();
    this.#hls?.destroy();
    this.#hls = null;
    this.#ready?.hls.destroy();
    this.#ready = null;
    if (this.#audio.hasAttribute("src")) {
      this.#audio.removeAttribute("src");
      this.#audio.load();
    }
  }

  #start(): void {
    this.#audio.play().catch((error: unknown) => {
      // An AbortError only means that a newer join has replaced this one, or that the listener has left.
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        this.stop();
        this.#tell("blocked");
      }
    });
  }

  #sounding(): void {
    if (!this.#wanted) return;
    this.#movedAt = Date.now();
    // Even without an audio output an element begins to play; it fails some 40 ms later.
    if (playsNatively(this.#audio)) this.#goOnNatively();
    if (!this.#wanted) return;
    this.#heard.sounds();
    if (this.#trouble !== "no-output") this.#tell(this.#heard.replays ? "replaying" : "playing");
    const hls = this.#hls;
    if (hls === null || !this.#fresh) return;
    this.#fresh = false;
    closeUp(hls, this.#audio, () => hls === this.#hls);
  }

  /** The buffer is empty. If a list that has ended has been played to its end, the show is over. */
  #waits(): void {
    if (this.#hls !== null && hasPlayedAll(this.#hls, this.#audio)) this.#ended();
  }

  #ended(): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    this.#heard.end();
    this.#leave();
    this.#tell("ended");
  }

  /** After a join by the browser's own player: a finite duration means a replay, which resumes at the listener's last position. */
  #goOnNatively(): void {
    if (!this.#fresh) return;
    this.#fresh = false;
    const { duration } = this.#audio;
    const list: Stretch[] = [{ start: 0, duration, programDateTime: dateAt(this.#audio, 0) }];
    const place = this.#heard.begin(!Number.isFinite(duration), list);
    if (place === "ended") this.#ended();
    else if (this.#heard.start > 0) this.#audio.currentTime = this.#heard.start;
  }

  /** The browser has paused the element: headphones were unplugged, the phone rang, a media key was pressed. Leaves the show. */
  #paused(): void {
    if (this.#wanted && this.#timer === 0 && !this.#audio.ended && this.#audio.currentTime > 0) this.stop();
  }

  #erred(hls: Hls, data: ErrorData): void {
    if (!data.fatal) return;
    if (hls === this.#ready?.hls) this.#leave();
    else if (hls === this.#hls && !this.#failover.canCopyHelp(hls, data.type)) this.#failed();
  }

  #failed(): void {
    if (!this.#wanted || this.#timer !== 0) return;
    const wait = backoff(this.#attempt, RETRY_BASE_MS, RETRY_CEILING_MS);
    this.#attempt += 1;
    this.#native.failed();
    this.#trouble = hasNoOutput(this.#audio.error) ? "no-output" : "reconnecting";
    this.#leave();
    this.#tell(this.#trouble);
    this.#timer = window.setTimeout(() => this.#join(), wait);
  }

  /** Joins by the primary, which is well again. */
  #joinAgain(): void {
    this.#attempt = 0;
    this.#leave();
    this.#join();
  }

  /** The network is back, or the copy has been found: joins at once if a join was planned. */
  #hurry(): void {
    if (this.#timer !== 0) this.#join();
  }

  #watch(): void {
    if (!this.#wanted || this.#timer !== 0) return;
    const now = Date.now();
    if (this.#hls !== null) pace(this.#hls, this.#audio, this.#failover.isLean);
    const isCopyNext = playsNatively(this.#audio) && this.#native.isCopyNext;
    if (this.#audio.currentTime !== this.#position) {
      if (this.#trouble === "no-output" && this.#position > 0) {
        this.#trouble = "reconnecting";
        this.#tell("playing");
      }
      this.#position = this.#audio.currentTime;
      const date = this.#hls === null ? dateAt(this.#audio, this.#position) : this.#failover.heardTo;
      // Before the first sound of a join, the element's position says nothing.
      if (!this.#fresh) this.#heard.note(this.#position, date);
      this.#movedAt = now;
      if (now - this.#joinedAt > SETTLED_MS) this.#attempt = 0;
    } else if (now - this.#movedAt > (isCopyNext ? DEAD_WITH_COPY_MS : DEAD_MS)) this.#failed();
  }
}
