import Hls, { type HlsConfig } from "hls.js";

/** The page's audio element: what a browser can do with it, and hls.js for those that can not read playlists. */

/** A player further behind the live edge than this many target durations jumps back to it. */
const MAX_LATENCY_TARGETS = 4;
/** 20 ms of silence, 8 kHz mono. An element that plays it while a press is handled may play sound later without one. */
const HUSH = `data:audio/wav;base64,UklGRsQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YaAAAACA${"gICA".repeat(53)}`;

/** Whether a media element failed for want of an audio output. Only Firefox fails then, and only its error message says so. */
export function hasNoOutput(error: MediaError | null): boolean {
  return error !== null && /MediaSinkAudioError|MEDIASINK/.test(error.message);
}

/**
 * Whether to give the playback URL to the browser's own HLS player. On iPhone and iPad no other player goes on when the screen
 * locks, and AirPlay needs a real URL. They are recognised by ManagedMediaSource, which only WebKit has, and a touch screen,
 * which no other WebKit machine has. Elsewhere hls.js plays closer to live and recovers from more faults; where it can not
 * run, only the browser's player is left.
 */
export function playsNatively(audio: HTMLAudioElement): boolean {
  if (!Hls.isSupported()) return true;
  const touchWebKit = "ManagedMediaSource" in window && navigator.maxTouchPoints > 1;
  return touchWebKit && audio.canPlayType("application/vnd.apple.mpegurl") !== "";
}

/**
 * Resolves to whether the browser plays at the volume that a page sets. iPhones and iPads leave that to their buttons; some show
 * the set volume at first, and their own a moment later. Ends at full volume. Call it before anything is played.
 */
export async function heedsVolume(audio: HTMLAudioElement): Promise<boolean> {
  audio.volume = 0.5;
  await new Promise((resolve) => window.setTimeout(resolve));
  const heeds = audio.volume === 0.5;
  audio.volume = 1;
  return heeds;
}

/** Makes an hls.js with this configuration and all that is the same for every join. It loads nothing yet. */
export function makeHls(config: Partial<HlsConfig>): Hls {
  const hls = new Hls({
    ...config,
    autoStartLoad: false,
    lowLatencyMode: true,
    // hls.js passes fragmented MP4 through unchanged, so there is no work for a worker.
    enableWorker: false,
    // No backBufferLength: if hls.js 1.7.4 trims played media while a part is being appended, it takes the parts of that
    // segment for not loaded, and then loads nothing for two segments. Browsers bound the back buffer by themselves.
    liveDurationInfinity: true,
    // After a stall keep about one more part buffered, not the default's whole second.
    liveSyncOnStallIncrease: 0.4,
  });
  // Without a maximum latency, a player that has fallen behind stays behind for the rest of the show. It is set here because
  // the constructor takes a maximum only together with a target, and a target would replace the server's PART-HOLD-BACK.
  hls.config.liveMaxLatencyDurationCount = MAX_LATENCY_TARGETS;
  return hls;
}

/** Plays a moment of silence. Call it while a press is handled: the element may then play sound later without a press. */
export function playHush(audio: HTMLAudioElement): void {
  audio.src = HUSH;
  audio.play().catch(() => undefined);
}

/**
 * Returns the date of the sound at `time`, s, as the browser's own HLS player tells it (HTML: getStartDate), ms since 1970; null
 * where it does not, as in every browser but Safari.
 */
export function dateAt(audio: HTMLAudioElement, time: number): number | null {
  const began = (audio as { getStartDate?(): Date }).getStartDate?.().getTime() ?? Number.NaN;
  return Number.isNaN(began) ? null : began + 1000 * time;
}
