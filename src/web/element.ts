import Hls from "hls.js";

/** Whether a media element failed because there is no audio output. Only Firefox fails then, and only its message says so. */
export function hasNoOutput(error: MediaError | null): boolean {
  return error !== null && /MediaSinkAudioError|MEDIASINK/.test(error.message);
}

/**
 * Whether to hand the URL to the browser's own HLS player: on iPhone and iPad, where no other player goes on when the screen
 * locks, and AirPlay needs a real URL. They are told by ManagedMediaSource, which only WebKit has, and a touch screen, which no
 * other WebKit machine has. Elsewhere hls.js is closer to live and recovers from more; where it can not run, the browser's
 * player is all there is.
 */
export function playsNatively(audio: HTMLAudioElement): boolean {
  if (!Hls.isSupported()) return true;
  const touchWebKit = "ManagedMediaSource" in window && navigator.maxTouchPoints > 1;
  return touchWebKit && audio.canPlayType("application/vnd.apple.mpegurl") !== "";
}
