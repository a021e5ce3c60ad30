import type Hls from "hls.js";

/**
 * How a live player reaches its target position behind the live edge, and gets back there. hls.js sets the target. A show that
 * has ended has none.
 */

/** The position is corrected at the first sound, and once more after this long, ms. */
const CLOSE_UP_MS = 500;
/** A player less far than this behind its target is not moved, s. */
const MIN_LEAP_SECONDS = 0.2;
/** How much must be buffered after the position to which the player is moved, s. */
const MIN_BUFFER_SECONDS = 0.4;
/** A player further than this behind its target plays faster, s. */
const FAR_BEHIND_SECONDS = 0.75;
/** It plays at normal speed again when it is less far than this behind, s. */
const NEAR_TARGET_SECONDS = 0.1;
const FAST_RATE = 1.04;
/** Playback rate of a player whose media arrives only just in time. */
const SLOW_RATE = 0.96;

/**
 * Makes up for the time that loading the first parts took, by one small seek just before the sound begins or just after. hls.js
 * chooses the start position before it loads them, and on a slow phone loading takes a second or more. Does so once more a
 * moment later, if `isCurrent` then.
 */
export function closeUp(hls: Hls, audio: HTMLAudioElement, isCurrent: () => boolean): void {
  leap(hls, audio);
  window.setTimeout(() => {
    if (isCurrent()) leap(hls, audio);
  }, CLOSE_UP_MS);
}

function leap(hls: Hls, audio: HTMLAudioElement): void {
  const target = targetOf(hls);
  if (target === null) return;
  const { buffered, currentTime } = audio;
  const here = buffered.length === 0 ? currentTime : buffered.end(buffered.length - 1) - MIN_BUFFER_SECONDS;
  const place = Math.min(target, here);
  if (place - currentTime > MIN_LEAP_SECONDS) audio.currentTime = place;
}

/**
 * Sets the playback rate, at the same pitch: slightly faster to catch up after a stall, slightly slower if the buffer `isLean`.
 * hls.js has such a control, but without hysteresis: near its target it changes the speed several times a second, and each
 * change can be heard.
 */
export function pace(hls: Hls, audio: HTMLAudioElement, isLean: boolean): void {
  const target = targetOf(hls);
  if (target === null) return;
  const behind = target - audio.currentTime;
  if (isLean) audio.playbackRate = SLOW_RATE;
  else if (behind > FAR_BEHIND_SECONDS) audio.playbackRate = FAST_RATE;
  else if (behind < NEAR_TARGET_SECONDS) audio.playbackRate = 1;
}

/** The player's target position, s; null where the list is not live. hls.js would give one for an ended list too. */
function targetOf(hls: Hls): number | null {
  return hls.latestLevelDetails?.live === true ? hls.liveSyncPosition : null;
}
