import Hls from "hls.js";

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
