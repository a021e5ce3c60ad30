import Hls from "hls.js";

/** What hls.js 1.7.4 does not do by itself where a list ends that it has played live. */

/** By how much less may be in hand of media that has been loaded. */
const ROUNDING_SECONDS = 0.01;
/** So close to the end of a list that has ended, nothing more comes. */
const END_SECONDS = 0.3;

/**
 * Has `hls` load what is lacking when the list that it plays live has ended, as whole segments: it loads none of the last
 * segment's parts any more when it has others of them, and the sound would stand still there.
 */
export function playToTheEnd(hls: Hls, audio: HTMLAudioElement): void {
  let wasLive = false;
  let timer = 0;
  hls.on(Hls.Events.LEVEL_UPDATED, (_event, { details }) => {
    // Not before hls.js has made use of the list itself.
    if (wasLive && !details.live) timer = window.setTimeout(() => loadTheRest(hls, audio));
    wasLive = details.live;
  });
  hls.on(Hls.Events.DESTROYING, () => clearTimeout(timer));
}

/**
 * Whether all of a list that has ended has been played. hls.js takes a segment for loaded whole that lacks 0.2 s, and never says
 * that it was the last.
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
