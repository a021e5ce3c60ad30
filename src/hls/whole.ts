/**
 * Playlists of whole segments alone, as files that are put somewhere: nothing in them asks for a server that knows more than
 * their bytes. Rules are cited as in playlist.ts.
 */

import { AU_SAMPLES, samples } from "../media.ts";
import { type DateRange, dateRangeTag } from "./date-range.ts";
import { dateOf, type Names, seconds } from "./playlist.ts";
import { listedRanges, type Window } from "./window.ts";

/** Segments of one timeline that follow each other, with what the list calls its media. */
export interface Stretch {
  readonly window: Window;
  readonly names: Omit<Names, "part">;
}

/** A finished segment: where it begins on its timeline, and how many access units it has. */
export interface Whole {
  readonly msn: number;
  readonly at: number;
  readonly units: number;
}

/**
 * The window of a timeline that has these segments, oldest first, at least one and without a hole. Its segments have no parts.
 *
 * @param isOver nothing comes after them
 */
export function wholeWindow(
  { epoch, profile, startedAt }: Pick<Window, "epoch" | "profile" | "startedAt">,
  wholes: readonly Whole[],
  dateRanges: readonly DateRange[],
  isOver: boolean,
): Window {
  const segments = wholes.map(({ msn, at, units }) => ({
    msn,
    at: samples(at),
    duration: samples(units * AU_SAMPLES),
    parts: [],
  }));
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("a window of whole segments has some");
  return {
    epoch,
    profile,
    startedAt,
    length: segments.length,
    segments,
    open: isOver ? null : { msn: last.msn + 1, at: samples(last.at + last.duration), parts: [] },
    firstMsn: first.msn,
    discontinuitySequence: 0,
    ended: isOver,
    dateRanges,
  };
}

/** The media playlist of one timeline: the same as the live list of its segments would be without parts. */
export function wholePlaylist(stretch: Stretch): string {
  const { firstMsn, ended } = stretch.window;
  return listOf([stretch], firstMsn, ended ? ["#EXT-X-ENDLIST"] : []);
}

/**
 * The media playlist of a show that is over, which has had one timeline or more. It is no reload of any list that there was: it
 * counts its segments from 0, and never changes (section 4.4.3.5).
 */
export function replayPlaylist(stretches: readonly Stretch[]): string {
  return listOf(stretches, 0, ["#EXT-X-ENDLIST"], ["#EXT-X-PLAYLIST-TYPE:VOD"]);
}

function listOf(
  stretches: readonly Stretch[],
  firstMsn: number,
  end: readonly string[],
  kind: readonly string[] = [],
): string {
  const targets = stretches.map(({ window }) => window.profile.targetDuration);
  const lines = [
    "#EXTM3U", // section 4.4.1.1: the first line
    "#EXT-X-VERSION:6", // section 8: EXT-X-MAP
    `#EXT-X-TARGETDURATION:${Math.max(...targets)}`,
    ...kind,
    `#EXT-X-MEDIA-SEQUENCE:${firstMsn}`,
    "#EXT-X-DISCONTINUITY-SEQUENCE:0", // Apple 8.17: always, or never; nothing leaves a list before a discontinuity
  ];
  for (const [index, { window, names }] of stretches.entries()) {
    // Section 4.4.4.3: another timeline has other timestamps. Its own init segment follows (section 4.4.4.5).
    if (index > 0) lines.push("#EXT-X-DISCONTINUITY");
    lines.push(`#EXT-X-MAP:URI="${names.init}"`, ...listedRanges(window).map(dateRangeTag));
    for (const { msn, at, duration } of window.segments) {
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateOf(window, at)}`);
      lines.push(`#EXTINF:${seconds(duration)},`, names.segment(msn));
    }
  }
  return `${[...lines, ...end].join("\n")}\n`;
}
