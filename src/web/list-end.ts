import Hls from "hls.js";

/** What hls.js 1.7.4 does not do by itself when a list ends that it has played live. */

/** By how much the buffer of fully loaded media may end before the list does, s. */
const ROUNDING_SECONDS = 0.01;
/** A player this close to the end of an ended list has played it all, s. */
const END_SECONDS = 0.3;

/**
 * Makes `hls` load the missing media as whole segments once the list that it plays live has ended. If hls.js has loaded some
 * parts of the last segment, it loads none of the others after the end, and the sound would stop there.
 */
export function playToTheEnd(hls: Hls, audio: HTMLAudioElement): void {
  let wasLive = false;
  let timer = 0;
  hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => {
    // In a timer, so that hls.js has processed the list itself first.
    if (wasLive && !details.live) timer = window.setTimeout(() => loadTheRest(hls, audio));
    wasLive = details.live;
  });
  hls.on(Hls.Events.DESTROYING, () => clearTimeout(timer));
}

/**
 * Whether all of a list that has ended has been played. hls.js treats a segment that lacks 0.2 s as fully loaded, and then never
 * reports that the last one has been played.
 */
export function hasPlayedAll(hls: Hls, { currentTime }: HTMLAudioElement): boolean {
  const details = hls.latestLevelDetails;
  return details !== null && !details.live && details.edge - currentTime < END_SECONDS;
}

function loadTheRest(hls: Hls, { buffered, currentTime }: HTMLAudioElement): void {
  const has = buffered.length === 0 ? currentTime : buffered.end(buffered.length - 1);
  if ((hls.latestLevelDetails?.edge ?? 0) - has < ROUNDING_SECONDS) return;
  hls.config.lowLatencyMode = false;
  hls.stopLoad();
  hls.startLoad(currentTime);
}
