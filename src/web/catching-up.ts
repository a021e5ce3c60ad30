import type Hls from "hls.js";

/** How a player that hls.js plays live gets to its place behind the live edge, and back there. A show that has ended has none. */

/**
 * How long after the first sound the position is corrected once more; by how much a player must be behind its target for that;
 * and how much must be loaded after the place to which it is moved.
 */
export const CLOSE_UP_MS = 500;
const CLOSE_UP_SECONDS = 0.2;
const IN_HAND_SECONDS = 0.4;
/** A player that is further behind its target than the first plays faster, until it is less far behind than the second. */
const HURRY_SECONDS = 0.75;
const CLOSE_SECONDS = 0.1;
const HURRY_RATE = 1.04;
/** How fast one plays whose media comes only just in time. */
const SLOW_RATE = 0.96;

/**
 * Makes up for the time that loading the first parts took, by one small leap before the sound begins or just after: hls.js
 * chooses where to start before it loads them, and on a slow phone that takes a second or more.
 */
export function closeUp(hls: Hls, audio: HTMLAudioElement): void {
  const target = placeOf(hls);
  if (target === null) return;
  const { buffered, currentTime } = audio;
  const here = buffered.length === 0 ? currentTime : buffered.end(buffered.length - 1) - IN_HAND_SECONDS;
  const place = Math.min(target, here);
  if (place - currentTime > CLOSE_UP_SECONDS) audio.currentTime = place;
}

/**
 * Plays a little faster, at the same pitch, to catch up after a stall. hls.js has such a control, but without hysteresis: near
 * its target it changes the speed several times a second, and each change can be heard. One that `isLean` plays a little slower.
 */
export function pace(hls: Hls, audio: HTMLAudioElement, isLean: boolean): void {
  const target = placeOf(hls);
  if (target === null) return;
  const behind = target - audio.currentTime;
  if (isLean) audio.playbackRate = SLOW_RATE;
  else if (behind > HURRY_SECONDS) audio.playbackRate = HURRY_RATE;
  else if (behind < CLOSE_SECONDS) audio.playbackRate = 1;
}

/** Where it should be; hls.js has such a place for a list that has ended too. */
function placeOf(hls: Hls): number | null {
  return hls.latestLevelDetails?.live === true ? hls.liveSyncPosition : null;
}
