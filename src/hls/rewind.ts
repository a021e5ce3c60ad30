/**
 * The rewind list: the list of a whole show, in which players rewind. While the show goes on it is an EVENT playlist, since
 * nothing leaves it (before MAX_PAST_SEGMENTS, rewind-text.ts) and it is only appended to (draft-pantos-hls-rfc8216bis-22 section 4.4.3.5). Once
 * the show has ended it is the replay. It has no date ranges: one that is listed must stay (section 4.4.5.1), and a show has
 * thousands.
 */

import { headTags, mapTag, type Names, segmentLines } from "./playlist.ts";
import type { RewindText } from "./rewind-text.ts";
import { skipBoundary, skippedUntil, type Window } from "./window.ts";

/**
 * Returns the rewind list of a window; with `skip` a delta update, if there is something to skip.
 *
 * @param past the list before the window, or before the window's segment `past.next`; it is numbered like the window
 */
export function rewindPlaylist(
  window: Window,
  past: RewindText,
  names: Names,
  options: { skip?: boolean } = {},
): string {
  const targetDuration = Math.max(past.targetDuration, window.profile.targetDuration);
  const until = options.skip ? rewindSkippedUntil(window, past) : null;
  const isWhole = past.isWhole;
  const lines = [
    // Section 8: EXT-X-SKIP requires 9, EXT-X-GAP 8.
    ...headTags(window.profile, {
      version: until !== null ? 9 : past.hasGaps ? 8 : 6,
      targetDuration,
      skipBoundary: skipBoundary(targetDuration),
    }),
    ...(isWhole ? ["#EXT-X-PLAYLIST-TYPE:EVENT"] : []),
    `#EXT-X-MEDIA-SEQUENCE:${past.first}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${past.discontinuitySequence}`,
    // Section 4.4.5.2. A map applies to the segments that follow, so a delta has it too, after the skip.
    ...(until === null ? [] : [`#EXT-X-SKIP:SKIPPED-SEGMENTS=${until - past.first}`, mapTag(names)]),
  ];
  const before = until === null ? past.text : "";
  return `${lines.join("\n")}\n${before}${segmentLines(window, names, until ?? past.next).join("\n")}\n`;
}

/** Returns the number of the first segment in a delta update of the rewind list; null if there is no delta. */
export function rewindSkippedUntil(window: Window, past: RewindText): number | null {
  const targetDuration = Math.max(past.targetDuration, window.profile.targetDuration);
  const until = skippedUntil(window, skipBoundary(targetDuration));
  // A delta that does not skip the timeline's first segment would need the border before that segment.
  return until !== null && until > past.timelineFirst ? until : null;
}
