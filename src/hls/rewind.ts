/**
 * The list of a whole show, from which players rewind: EVENT while it goes on, since nothing ever leaves it and it is only
 * appended to (draft-pantos-hls-rfc8216bis-22 section 4.4.3.5), and the replay once it has ended. It has no date ranges: one that
 * is listed must stay (section 4.4.5.1), and a show has thousands.
 */

import type { Past } from "./past.ts";
import { listing, mapTag, type Names, opening } from "./playlist.ts";
import { skipBoundary, skippedUntil, type Window } from "./window.ts";

/**
 * The rewind list of a window; with `skip` a delta update, where there is something to skip.
 *
 * @param past what comes before the window, or before its segment `past.next`, in whose numbering it is
 */
export function rewindPlaylist(
  window: Window,
  past: Past,
  names: Names,
  options: { skip?: boolean } = {},
): string {
  const targetDuration = Math.max(past.targetDuration, window.profile.targetDuration);
  const until = options.skip ? rewindSkippedUntil(window, past) : null;
  const isWhole = past.isWhole;
  const lines = [
    // Section 8: EXT-X-SKIP asks for 9, EXT-X-GAP for 8.
    ...opening(window.profile, {
      version: until !== null ? 9 : past.hasGaps ? 8 : 6,
      targetDuration,
      skipBoundary: skipBoundary(targetDuration),
    }),
    ...(isWhole ? ["#EXT-X-PLAYLIST-TYPE:EVENT"] : []),
    `#EXT-X-MEDIA-SEQUENCE:${past.first}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${past.discontinuitySequence}`,
    // Section 4.4.5.2. The map applies to the segments that follow, so a delta has it too, after the skip.
    ...(until === null ? [] : [`#EXT-X-SKIP:SKIPPED-SEGMENTS=${until - past.first}`, mapTag(names)]),
  ];
  const before = until === null ? past.text : "";
  return `${lines.join("\n")}\n${before}${listing(window, names, until ?? past.next).join("\n")}\n`;
}

/** The number of the first segment that a delta update of the rewind list has; null where there is no delta. */
export function rewindSkippedUntil(window: Window, past: Past): number | null {
  const targetDuration = Math.max(past.targetDuration, window.profile.targetDuration);
  const until = skippedUntil(window, skipBoundary(targetDuration));
  // Where the timeline's first segment is not among what is skipped the delta would need its border.
  return until !== null && until > past.turnedAt ? until : null;
}
