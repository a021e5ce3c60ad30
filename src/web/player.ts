import Hls, { type ErrorData } from "hls.js";
import { backoff } from "./backoff.ts";
import { CLOSE_UP_MS, closeUp, pace } from "./catching-up.ts";
import type { Copy } from "./copy.ts";
import { hasNoOutput, playsNatively } from "./element.ts";
import { hasPlayedAll, playToTheEnd } from "./ending.ts";
import type { DateRanges, Playing } from "./playing.ts";
import type { Place } from "./replay.ts";
import { Rescuer } from "./rescuer.ts";

const RETRY_BASE_MS = 500;
const RETRY_CEILING_MS = 15_000;
/** For how long a prepared join is used. Later the show may have closed its doors, and opened them under another epoch. */
const READY_MS = 10 * 60_000;
/**
 * A player whose position has not changed for this long has failed, whatever it says. A list is held for 6 s at most, three
 * target durations.
 */
const DEAD_MS = 12_000;
/** After this long without trouble the next failure counts as the first. */
const SETTLED_MS = 20_000;
/** Further behind than this many target durations, jump back to live. */
const MAX_LATENCY_TARGETS = 4;
/** 20 ms of silence, 8 kHz mono. An element that plays it during the press may play sound later by itself. */
const HUSH = `data:audio/wav;base64,UklGRsQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YaAAAACA${"gICA".repeat(53)}`;

/**
 * Plays one live HLS URL on an audio element, and goes on doing so: after every fatal error, endless stall or change of network
 * it joins again at the live edge, after a random wait of bounded length. To pause is to leave the show: no requests are made
 * meanwhile. To play is to join at the live edge, however long the pause was.
 */
export class Player {
  readonly #audio: HTMLAudioElement;
  readonly #url: string;
  readonly #tell: (playing: Playing) => void;
  readonly #listed: (dateRanges: DateRanges) => void;
  readonly #rescuer: Rescuer;
  #hls: Hls | null = null;
  /** Prepared for the next join. */
  #ready: { readonly hls: Hls; readonly at: number } | null = null;
  #wanted = false;
  #attempt = 0;
  #timer = 0;
  #movedAt = 0;
  #joinedAt = 0;
  #position = -1;
  #fresh = false;
  /** Whether what is played is a show that had ended before, and where in it the listener was last, seconds. */
  #replays = false;
  #place = 0;
  /** Whether a browser that reads playlists itself is given the copy's. */
  #isByCopy = false;
  /** Why it has to join again. */
  #trouble: "reconnecting" | "no-output" = "reconnecting";

  constructor(
    audio: HTMLAudioElement,
    url: string,
    copy: Promise<Copy | null>,
    tell: (playing: Playing) => void,
    listed: (dateRanges: DateRanges) => void,
  ) {
    this.#audio = audio;
    this.#url = url;
    this.#tell = tell;
    this.#listed = listed;
    this.#rescuer = new Rescuer(audio, url, copy, () => this.#failed());
    audio.addEventListener("playing", () => this.#sounding());
    audio.addEventListener("ended", () => this.#ended());
    audio.addEventListener("waiting", () => this.#waits());
    audio.addEventListener("error", () => this.#failed());
    audio.addEventListener("pause", () => this.#paused());
    window.addEventListener("online", () => this.#hurry());
    window.setInterval(() => this.#watch(), 1000);
  }

  /**
   * Does before the press what need not wait for it: attaches the element and loads the first list. It asks for that list once,
   * and for nothing else before {@link play}.
   */
  prepare(): void {
    if (this.#wanted || this.#ready !== null || playsNatively(this.#audio)) return;
    this.#getReady().loadSource(this.#url);
  }

  /**
   * Joins at the live edge. Call it while a press is handled, or after {@link bless} was called during one. `isInDoubt`: the relay
   * does not answer otherwise.
   */
  play(isInDoubt = false): void {
    if (isInDoubt) this.#rescuer.doubt();
    this.#wanted = true;
    this.#attempt = 0;
    this.#isByCopy = false;
    this.#trouble = "reconnecting";
    this.#join();
  }

  /** Where in a replay the listener is; null where none is played. */
  get place(): Place {
    const { currentTime, duration } = this.#audio;
    const isThere = this.#wanted && this.#replays && Number.isFinite(duration) && duration > 0;
    return isThere ? { at: currentTime, of: duration } : null;
  }

  /** Goes on from there in a replay. */
  seek(seconds: number): void {
    if (this.place !== null) this.#audio.currentTime = seconds;
  }

  /** Leaves the show; a replay goes on from there with the next {@link play}. */
  stop(): void {
    this.#wanted = false;
    this.#leave();
    this.#tell("stopped");
    if (!playsNatively(this.#audio)) this.#getReady();
  }

  /** Call it while a press is handled: the element may then play sound later without one (WebKit grants that per element). */
  bless(): void {
    this.#leave();
    this.#audio.src = HUSH;
    this.#audio.play().catch(() => undefined);
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
      this.#audio.src = (this.#isByCopy ? this.#rescuer.copyUrl : null) ?? this.#url;
      this.#start();
      return;
    }
    const hls = ready === null || isOld ? this.#open() : ready.hls;
    this.#hls = hls;
    if (hls.url === null) hls.loadSource(this.#url);
    const start = this.#replays ? this.#place : -1;
    this.#rescuer.begin(hls, start);
    hls.startLoad(start);
    if (hls.levels.length > 0) this.#start();
  }

  #getReady(): Hls {
    const hls = this.#open();
    this.#ready = { hls, at: Date.now() };
    return hls;
  }

  /** An hls.js on the element, which loads nothing yet. */
  #open(): Hls {
    const hls = new Hls({
      ...this.#rescuer.config(),
      autoStartLoad: false,
      lowLatencyMode: true,
      // Fragmented MP4 passes through unchanged: there is nothing for a worker to do.
      enableWorker: false,
      // No backBufferLength: hls.js 1.7.4 takes the parts of a segment for not loaded when it trims what was played while one of
      // them is being appended, and then loads nothing for two segments. Browsers bound what they keep by themselves.
      liveDurationInfinity: true,
      // After a stall keep about one part more in hand, not the default's whole second.
      liveSyncOnStallIncrease: 0.4,
    });
    // Without a ceiling, a player that has fallen behind stays there for the rest of the show. It is set here because the
    // constructor takes a ceiling only together with a target, and a target would replace the server's PART-HOLD-BACK.
    hls.config.liveMaxLatencyDurationCount = MAX_LATENCY_TARGETS;
    hls.on(Hls.Events.ERROR, (_event, data) => this.#erred(hls, data));
    playToTheEnd(hls, this.#audio);
    hls.once(Hls.Events.LEVEL_UPDATED, (_event, { details }) => {
      this.#replays = !details.live;
    });
    hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => {
      this.#listed(Object.values(details.dateRanges).flatMap((range) => range?.attr ?? []));
    });
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      if (hls === this.#hls) this.#start();
    });
    hls.attachMedia(this.#audio);
    return hls;
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#rescuer.end();
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
      // An AbortError only says that a newer join has replaced this one, or that the show was left.
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        this.stop();
        this.#tell("blocked");
      }
    });
  }

  #sounding(): void {
    if (!this.#wanted) return;
    this.#movedAt = Date.now();
    // Without an audio output an element begins to play as well, and fails some 40 ms later.
    if (playsNatively(this.#audio)) this.#goOnNatively();
    if (this.#trouble !== "no-output") this.#tell(this.#replays ? "replaying" : "playing");
    const hls = this.#hls;
    if (hls === null || !this.#fresh) return;
    this.#fresh = false;
    const catchUp = () => {
      if (hls === this.#hls) closeUp(hls, this.#audio);
    };
    catchUp();
    window.setTimeout(catchUp, CLOSE_UP_MS);
  }

  /** It has nothing to play: at the end of a list that has ended, the show is over. */
  #waits(): void {
    if (this.#hls !== null && hasPlayedAll(this.#hls, this.#audio)) this.#ended();
  }

  #ended(): void {
    if (!this.#wanted) return;
    this.#wanted = this.#replays = false;
    this.#place = 0;
    this.#leave();
    this.#tell("ended");
  }

  /** The browser's own player tells by the length of what it plays whether that has ended. */
  #goOnNatively(): void {
    if (!this.#fresh) return;
    this.#fresh = false;
    this.#replays = Number.isFinite(this.#audio.duration);
    if (this.#replays && this.#place > 0) this.#audio.currentTime = this.#place;
  }

  /** The browser has paused us: headphones were unplugged, the phone rang, a media key was pressed. Plays after a press. */
  #paused(): void {
    if (this.#wanted && this.#timer === 0 && !this.#audio.ended && this.#audio.currentTime > 0) this.stop();
  }

  #erred(hls: Hls, data: ErrorData): void {
    if (!data.fatal) return;
    if (hls === this.#ready?.hls) this.#leave();
    else if (hls === this.#hls && !this.#rescuer.mayHelp(hls, data.type)) this.#failed();
  }

  #failed(): void {
    if (!this.#wanted || this.#timer !== 0) return;
    const wait = backoff(this.#attempt, RETRY_BASE_MS, RETRY_CEILING_MS);
    this.#attempt += 1;
    this.#isByCopy = !this.#isByCopy;
    this.#trouble = hasNoOutput(this.#audio.error) ? "no-output" : "reconnecting";
    this.#leave();
    this.#tell(this.#trouble);
    this.#timer = window.setTimeout(() => this.#join(), wait);
  }

  /** The network is back: tries again at once, if it was waiting to. */
  #hurry(): void {
    if (this.#timer !== 0) this.#join();
  }

  #watch(): void {
    if (!this.#wanted || this.#timer !== 0) return;
    const now = Date.now();
    if (this.#hls !== null) pace(this.#hls, this.#audio, this.#rescuer.isLean);
    if (this.#audio.currentTime !== this.#position) {
      if (this.#trouble === "no-output" && this.#position > 0) {
        this.#trouble = "reconnecting";
        this.#tell("playing");
      }
      this.#position = this.#audio.currentTime;
      if (this.#replays) this.#place = this.#position;
      this.#movedAt = now;
      if (now - this.#joinedAt > SETTLED_MS) this.#attempt = 0;
    } else if (now - this.#movedAt > DEAD_MS) this.#failed();
  }
}
