import Hls, { type ErrorData } from "hls.js";
import { backoff } from "./backoff.ts";

/**
 * What a player is doing. `blocked`: the browser wants another press before it lets sound out; `no-output`: it has nothing to
 * play sound on, and is tried again.
 */
export type Playing = "stopped" | "joining" | "playing" | "reconnecting" | "no-output" | "blocked" | "ended";

const RETRY_BASE_MS = 500;
const RETRY_CEILING_MS = 15_000;
/** How long what was made ready is of use: a show may have closed its doors since, and opened them with other names. */
const READY_MS = 10 * 60_000;
/** A playhead that has not moved for this long is dead, whatever the player says: longest hold is 3 x TD = 6 s. */
const DEAD_MS = 12_000;
/** After this long without trouble the next failure is a first one again. */
const SETTLED_MS = 20_000;
/** Further behind than this many target durations, jump back to live. */
const MAX_LATENCY_TARGETS = 4;
/**
 * When after the first sound to look once more, how far behind its target a player must be to be moved, and how much it must
 * have where it is moved to.
 */
const CLOSE_UP_MS = 500;
const CLOSE_UP_SECONDS = 0.2;
const IN_HAND_SECONDS = 0.4;
/** Behind its target by more than the first, a player hurries until it is behind by less than the second. */
const HURRY_SECONDS = 0.75;
const CLOSE_SECONDS = 0.1;
const HURRY_RATE = 1.04;
/** 20 ms of silence, 8 kHz mono: what an element plays inside the press so that it may sound later by itself. */
const HUSH = `data:audio/wav;base64,UklGRsQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YaAAAACA${"gICA".repeat(53)}`;

/**
 * Plays one live HLS URL on an audio element, and goes on doing so: every fatal error, dead stall or network
 * change leads to a new join at the live edge after a bounded, jittered wait. Pausing leaves the show (no requests
 * are made while paused); playing joins it at the live edge, however long the pause was.
 */
export class Player {
  readonly #audio: HTMLAudioElement;
  readonly #url: string;
  readonly #tell: (playing: Playing) => void;
  #hls: Hls | null = null;
  /** What the next join begins with. */
  #ready: { readonly hls: Hls; readonly at: number } | null = null;
  #wanted = false;
  #attempt = 0;
  #timer = 0;
  #movedAt = 0;
  #joinedAt = 0;
  #position = -1;
  #fresh = false;
  /** Why it has to join again. */
  #trouble: "reconnecting" | "no-output" = "reconnecting";

  constructor(audio: HTMLAudioElement, url: string, tell: (playing: Playing) => void) {
    this.#audio = audio;
    this.#url = url;
    this.#tell = tell;
    audio.addEventListener("playing", () => this.#sounding());
    audio.addEventListener("ended", () => this.#ended());
    audio.addEventListener("error", () => this.#failed());
    audio.addEventListener("pause", () => this.#paused());
    window.addEventListener("online", () => this.#hurry());
    window.setInterval(() => this.#watch(), 1000);
  }

  /**
   * Does before the press what need not wait for it: the element is attached, and the first list is here. Asks for that list
   * once, and for nothing else before {@link play}.
   */
  prepare(): void {
    if (this.#wanted || this.#ready !== null || playsNatively(this.#audio)) return;
    this.#getReady().loadSource(this.#url);
  }

  /** Joins at the live edge. Call it inside a press, or after {@link bless} was. */
  play(): void {
    this.#wanted = true;
    this.#attempt = 0;
    this.#trouble = "reconnecting";
    this.#join();
  }

  /** Leaves the show. */
  stop(): void {
    this.#wanted = false;
    this.#leave();
    this.#tell("stopped");
    if (!playsNatively(this.#audio)) this.#getReady();
  }

  /** Inside a press: lets the element sound later without one (WebKit grants that per element). */
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
      this.#audio.src = this.#url;
      this.#start();
      return;
    }
    const hls = ready === null || isOld ? this.#open() : ready.hls;
    this.#hls = hls;
    if (hls.url === null) hls.loadSource(this.#url);
    hls.startLoad();
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
      autoStartLoad: false,
      lowLatencyMode: true,
      // Fragmented MP4 passes through unchanged: there is nothing for a worker to do.
      enableWorker: false,
      backBufferLength: 10,
      liveDurationInfinity: true,
      // After a stall keep about one part more in hand, not the default's whole second.
      liveSyncOnStallIncrease: 0.4,
    });
    // Without a ceiling a player that fell behind stays there for the rest of the show. Set afterwards, because the
    // constructor takes a ceiling only together with a target, and a target would replace the server's PART-HOLD-BACK.
    hls.config.liveMaxLatencyDurationCount = MAX_LATENCY_TARGETS;
    hls.on(Hls.Events.ERROR, (_event, data) => this.#erred(hls, data));
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      if (hls === this.#hls) this.#start();
    });
    hls.attachMedia(this.#audio);
    return hls;
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
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
      // An AbortError only says that a newer join or leave has taken this one's place.
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        this.stop();
        this.#tell("blocked");
      }
    });
  }

  #sounding(): void {
    if (!this.#wanted) return;
    this.#movedAt = Date.now();
    // What has no output begins to play as well, and fails some 40 ms later.
    if (this.#trouble !== "no-output") this.#tell("playing");
    const hls = this.#hls;
    if (hls === null || !this.#fresh) return;
    this.#fresh = false;
    this.#closeUp(hls);
    window.setTimeout(() => this.#closeUp(hls), CLOSE_UP_MS);
  }

  /**
   * Takes back, in one small leap before the sound has begun or when it barely has, what loading the
   * first parts lost: hls.js chooses the place to start before it loads them, and on a slow phone that is a second or more.
   */
  #closeUp(hls: Hls): void {
    const target = hls.liveSyncPosition;
    if (hls !== this.#hls || target === null) return;
    const { buffered, currentTime } = this.#audio;
    const here = buffered.length === 0 ? currentTime : buffered.end(buffered.length - 1) - IN_HAND_SECONDS;
    const place = Math.min(target, here);
    if (place - currentTime > CLOSE_UP_SECONDS) this.#audio.currentTime = place;
  }

  #ended(): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    this.#leave();
    this.#tell("ended");
  }

  /** Headphones unplugged, a phone call, a media key: the browser paused us; stay out until a press. */
  #paused(): void {
    if (this.#wanted && this.#timer === 0 && !this.#audio.ended && this.#audio.currentTime > 0) this.stop();
  }

  #erred(hls: Hls, data: ErrorData): void {
    if (!data.fatal) return;
    if (hls === this.#ready?.hls) this.#leave();
    else if (hls === this.#hls) this.#failed();
  }

  #failed(): void {
    if (!this.#wanted || this.#timer !== 0) return;
    const wait = backoff(this.#attempt, RETRY_BASE_MS, RETRY_CEILING_MS);
    this.#attempt += 1;
    this.#trouble = hasNoOutput(this.#audio.error) ? "no-output" : "reconnecting";
    this.#leave();
    this.#tell(this.#trouble);
    this.#timer = window.setTimeout(() => this.#join(), wait);
  }

  /** The network is back: what was waiting to try again need not wait any longer. */
  #hurry(): void {
    if (this.#timer !== 0) this.#join();
  }

  /**
   * Comes back to live a little faster (the pitch stays) after a stall left us behind. hls.js has such a control, but
   * without hysteresis: around its target it switches the speed several times a second, and each switch can be heard.
   */
  #pace(): void {
    const target = this.#hls?.liveSyncPosition ?? null;
    if (target === null) return;
    const behind = target - this.#audio.currentTime;
    if (behind > HURRY_SECONDS) this.#audio.playbackRate = HURRY_RATE;
    else if (behind < CLOSE_SECONDS) this.#audio.playbackRate = 1;
  }

  #watch(): void {
    if (!this.#wanted || this.#timer !== 0) return;
    const now = Date.now();
    this.#pace();
    if (this.#audio.currentTime !== this.#position) {
      if (this.#trouble === "no-output" && this.#position > 0) {
        this.#trouble = "reconnecting";
        this.#tell("playing");
      }
      this.#position = this.#audio.currentTime;
      this.#movedAt = now;
      if (now - this.#joinedAt > SETTLED_MS) this.#attempt = 0;
    } else if (now - this.#movedAt > DEAD_MS) this.#failed();
  }
}

/** Whether a media element failed for want of an audio output. Firefox alone fails then, and says so in the message alone. */
function hasNoOutput(error: MediaError | null): boolean {
  return error !== null && /MediaSinkAudioError|MEDIASINK/.test(error.message);
}

/**
 * Whether to hand the URL to the browser's own HLS player. Only on iPhone and iPad, where nothing else goes on
 * when the screen locks and AirPlay needs a real URL: ManagedMediaSource exists in WebKit alone, and of WebKit's
 * machines only those have a touch screen. Elsewhere hls.js is closer to live and fixes more of what goes wrong;
 * where it can not run, the browser's player is all there is.
 */
function playsNatively(audio: HTMLAudioElement): boolean {
  if (!Hls.isSupported()) return true;
  const touchWebKit = "ManagedMediaSource" in window && navigator.maxTouchPoints > 1;
  return touchWebKit && audio.canPlayType("application/vnd.apple.mpegurl") !== "";
}
