/**
 * Playlists of whole segments alone, to be stored as files: nothing in them requires a server that knows more than their bytes.
 * Rules are cited as in playlist.ts.
 */

import { AU_SAMPLES, samples } from "../media.ts";
import { type DateRange, dateRangeTag } from "./date-range.ts";
import { dateTag, headTags, mapTag, type Names, seconds } from "./playlist.ts";
import type { RewindText } from "./rewind-text.ts";
import { listedRanges, type Window } from "./window.ts";

/** A finished segment: its number, where it begins on its timeline, and how many access units it has. */
export interface FinishedSegment {
  readonly msn: number;
  readonly at: number;
  readonly units: number;
}

/**
 * Returns the window of a timeline that has these segments: oldest first, at least one, without a hole. They have no parts.
 *
 * @param isOver whether no segment comes after them
 */
export function wholeWindow(
  { epoch, profile, startedAt }: Pick<Window, "epoch" | "profile" | "startedAt">,
  finished: readonly FinishedSegment[],
  dateRanges: readonly DateRange[],
  isOver: boolean,
): Window {
  const segments = finished.map(({ msn, at, units }) => ({
    msn,
    at: samples(at),
    duration: samples(units * AU_SAMPLES),
    parts: [],
  }));
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("a window of whole segments has some");
  return {
    epoch,
    profile: { ...profile, lowLatency: false },
    startedAt,
    length: segments.length,
    segments,
    open: isOver ? null : { msn: last.msn + 1, at: samples(last.at + last.duration), parts: [] },
    oldestMsn: first.msn,
    firstMsn: first.msn,
    discontinuitySequence: 0,
    ended: isOver,
    dateRanges,
  };
}

/** Returns the media playlist of a window without parts, as the live list of its segments would be. */
export function wholePlaylist(window: Window, names: Omit<Names, "part">): string {
  const { profile, firstMsn, ended } = window;
  const { targetDuration } = profile;
  const lines = [
    ...headTags(profile, { version: 6, targetDuration, skipBoundary: null }),
    `#EXT-X-MEDIA-SEQUENCE:${firstMsn}`,
    "#EXT-X-DISCONTINUITY-SEQUENCE:0",
    mapTag(names),
    ...listedRanges(window).map(dateRangeTag),
  ];
  for (const { msn, at, duration } of window.segments)
    lines.push(dateTag(window.startedAt, at), `#EXTINF:${seconds(duration)},`, names.segment(msn));
  return `${[...lines, ...(ended ? ["#EXT-X-ENDLIST"] : [])].join("\n")}\n`;
}

/** Returns the media playlist of a show that is over: its replay, without the tags that matter only while more may come. */
export function replayPlaylist(past: RewindText): string {
  const lines = [
    "#EXTM3U", // section 4.4.1.1: the first line
    `#EXT-X-VERSION:${past.hasGaps ? 8 : 6}`, // section 8: EXT-X-GAP requires 8
    `#EXT-X-TARGETDURATION:${past.targetDuration}`,
    "#EXT-X-PLAYLIST-TYPE:VOD", // section 4.4.3.5: it does not change
    `#EXT-X-MEDIA-SEQUENCE:${past.first}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${past.discontinuitySequence}`,
  ];
  return `${lines.join("\n")}\n${past.text}#EXT-X-ENDLIST\n`;
}
