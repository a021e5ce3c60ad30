/**
 * The sliding window of a live show: the content of a media playlist, as data without bytes. playlist.ts renders it, and
 * directives.ts decides on requests by its live edge. Its media changes only by {@link addCut} and {@link endWindow}, which
 * return a new window. So a part and the segment it closes appear in one step (draft-pantos-hls-rfc8216bis section 6.2.1:
 * changes are atomic).
 */

import { FIRST_LENGTH, type LiveEdge, SKIP_BOUNDARY } from "../live-edge.ts";
import {
  AU_SAMPLES,
  fromMillis,
  type Profile,
  SAMPLE_RATE,
  type Samples,
  samples,
  toMillis,
} from "../media.ts";
import type { DateRange } from "./date-range.ts";
import { type Cut, partsPerSegment } from "./segmenter.ts";

/** A part as a playlist lists it; its index is its place in its segment. */
export interface ListedPart {
  readonly at: Samples;
  readonly duration: Samples;
}

/** The segment being made: the parts it has so far, from index 0 on. */
export interface OpenSegment {
  readonly msn: number;
  readonly at: Samples;
  readonly parts: readonly ListedPart[];
}

/** A segment that will not change any more. */
export interface ClosedSegment extends OpenSegment {
  readonly duration: Samples;
}

export interface Window {
  /** The timeline's own component in all its names, so that no two timelines share a name (paths.ts). */
  readonly epoch: string;
  readonly profile: Profile;
  /** Wall-clock time of sample 0, epoch milliseconds; it dates every segment and never changes within a show. */
  readonly startedAt: number;
  /** How many closed segments are listed before the oldest leaves. */
  readonly length: number;
  /** The listed segments, oldest first; media sequence numbers and times follow each other without a gap. */
  readonly segments: readonly ClosedSegment[];
  /** The segment being made; null once the show has ended. */
  readonly open: OpenSegment | null;
  /** No segment of the timeline that may still be asked for has a lower number: see {@link withOldest}. */
  readonly oldestMsn: number;
  /** EXT-X-MEDIA-SEQUENCE: the number of the first listed segment, or of the first to come. */
  readonly firstMsn: number;
  /** EXT-X-DISCONTINUITY-SEQUENCE: a timeline has no discontinuity, so it stays 0. */
  readonly discontinuitySequence: 0;
  readonly ended: boolean;
  /** The date ranges, oldest first: those listed, and those that came since the last part ({@link withDateRange}). */
  readonly dateRanges: readonly DateRange[];
}

/** How many date ranges a list has at most: the newest. */
const MOST_RANGES = 16;
/** How many date ranges a window keeps at most: those listed, and as many that wait to be listed. */
export const MOST_KEPT = 2 * MOST_RANGES;

/** The least length of a window, in segments. In a shorter one, a player that stalls for some seconds loses its place. */
const MIN_LENGTH = 10;

/**
 * Returns the window of a show whose first frame is at `start.at` in segment `start.msn`. `length` is how many segments it
 * lists: at least 10, by default about half a minute (15 of 1.92 s, 10 of 3.84 s). It is fixed for the show's life,
 * since the playlist's constants depend on it.
 */
export function emptyWindow(
  profile: Profile,
  start: { epoch: string; startedAt: number; msn: number; at: Samples },
  options: { length?: number; dateRanges?: readonly DateRange[] } = {},
): Window {
  const length = options.length ?? (profile.segmentUnits <= 90 ? 15 : MIN_LENGTH);
  if (length < MIN_LENGTH) throw new RangeError(`a window of ${length} segments is too short`);
  return {
    epoch: start.epoch,
    profile,
    startedAt: start.startedAt,
    length,
    segments: [],
    open: { msn: start.msn, at: start.at, parts: [] },
    oldestMsn: start.msn,
    firstMsn: start.msn,
    discontinuitySequence: 0,
    ended: false,
    dateRanges: options.dateRanges ?? [],
  };
}

/** Returns the window with one more part and, if that closes its segment, one more segment. Throws on a cut out of order. */
export function addCut(window: Window, cut: Cut): Window {
  const { part, closes } = cut;
  const open = window.open;
  if (open === null) throw new Error("the show has ended");
  // The segmenter's flush repeats the last part if only its segment is left to be closed.
  const repeated = closes && part.index === open.parts.length - 1;
  const due = repeated ? part.at : listedEnd(window);
  if (part.msn !== open.msn || part.at !== due || (!repeated && part.index !== open.parts.length)) {
    throw new RangeError(`part ${part.msn}.${part.index} at ${part.at} is not the next one`);
  }
  const parts = repeated ? open.parts : [...open.parts, { at: part.at, duration: part.duration }];
  if (!closes) return withoutOldRanges({ ...window, open: { ...open, parts } });
  const duration = samples(parts.reduce((sum, { duration }) => sum + duration, 0));
  const closed: ClosedSegment = { msn: open.msn, at: open.at, duration, parts };
  // Section 6.2.2: segments leave in order, one by one, and the list never gets shorter than three target durations.
  const segments = [...window.segments, closed].slice(-window.length);
  return withoutOldRanges({
    ...window,
    segments,
    open: { msn: open.msn + 1, at: samples(open.at + duration), parts: [] },
    firstMsn: segments[0]?.msn ?? window.firstMsn,
  });
}

/**
 * Returns the window with one more date range, after all others. It is listed from the next part on: a list that was handed out
 * must stay as it is, since caches have it under its own URL.
 */
export function withDateRange(window: Window, range: Omit<DateRange, "listed">): Window {
  const listed = listedEnd(window);
  const waiting = window.dateRanges.filter((other) => other.listed >= listed);
  const others = window.dateRanges.filter((other) => other.listed < listed);
  return {
    ...window,
    dateRanges: [...others, ...[...waiting, { ...range, listed }].slice(-MOST_RANGES)],
  };
}

/** Returns the date ranges of a window's list: the newest MOST_RANGES of those that lie in its segments or after them. */
export function listedRanges(window: Window): readonly DateRange[] {
  const listed = listedEnd(window);
  const from = window.startedAt + toMillis((window.segments[0] ?? window.open)?.at ?? 0);
  return window.dateRanges
    .filter((range) => range.at >= from && (range.listed < listed || window.ended))
    .slice(-MOST_RANGES);
}

/** Drops the date ranges that no list will have any more. */
function withoutOldRanges(window: Window): Window {
  if (window.dateRanges.length === 0) return window;
  const listed = listedEnd(window);
  const waiting = window.dateRanges.filter((range) => range.listed >= listed);
  return { ...window, dateRanges: [...listedRanges(window), ...waiting] };
}

/**
 * Returns the ended window, after the last cut. Throws if the segmenter's flush has not closed the open segment: a player whose
 * last part is newer than its last segment never ends (hls.js). Publish this window, and not the one between the flush and the
 * end, which hints at a part that will never come.
 */
export function endWindow(window: Window): Window {
  if (window.open !== null && window.open.parts.length > 0) throw new Error("the last segment is still open");
  return { ...window, open: null, ended: true };
}

/**
 * Returns the window to publish for a moment before `ended`, a window that has ended: all but its last segment. Null if players
 * have no use for that, as without parts. Once a list has ended, hls.js 1.7.4 loads no more parts of a segment that it has in
 * part, and would stall before the end; video.js 8 ends only with a part that comes together with the list's end.
 */
export function closingWindow(ended: Window): Window | null {
  const last = ended.segments.at(-1);
  if (last === undefined || !ended.profile.lowLatency) return null;
  const { msn, at } = last;
  return { ...ended, segments: ended.segments.slice(0, -1), open: { msn, at, parts: [] }, ended: false };
}

/** Returns where the listed media ends on the timeline. */
export function listedEnd(window: Window): Samples {
  const last = window.open ?? window.segments.at(-1);
  if (last === undefined) return samples(0);
  return samples(last.at + last.parts.reduce((sum, part) => sum + part.duration, 0));
}

/**
 * Returns the media sequence number of the segment that was being made `millis` ms before the end of the listed media; at least
 * that of the first listed segment.
 */
export function msnBefore(window: Window, millis: number): number {
  const { segments, open, firstMsn } = window;
  const at = listedEnd(window) - fromMillis(millis);
  if (open !== null && open.at <= at) return open.msn;
  return segments.findLast((segment) => segment.at <= at)?.msn ?? firstMsn;
}

/** Returns the media sequence number of the last closed segment; one below the first if there is none yet. */
export function lastMsn(window: Window): number {
  return window.firstMsn + window.segments.length - 1;
}

/** Returns the live edge: the newest listed part, and all else that is needed to decide on a request. */
export function liveEdgeOf(window: Window, former: LiveEdge["former"] = []): LiveEdge {
  const { epoch, profile, ended, oldestMsn, firstMsn, open } = window;
  return {
    epoch,
    ended,
    oldestMsn,
    firstMsn,
    lastMsn: lastMsn(window),
    openParts: open?.parts.length ?? 0,
    partsPerSegment: partsPerSegment(profile),
    partMillis: toMillis(profile.partUnits * AU_SAMPLES),
    listsParts: profile.lowLatency,
    endsAt: window.startedAt + toMillis(listedEnd(window)),
    former,
  };
}

/**
 * Returns the window of a timeline that begins with segment `fromMsn`, and keeps the segments from `keptFrom` on. Between the two
 * are segments that were made and passed over. The last of those may have been listed, and stay fetchable for as long as any
 * segment that leaves the list ({@link oldestFetchableMsn}).
 */
export function withOldest(window: Window, fromMsn: number, keptFrom: number): Window {
  return { ...window, oldestMsn: Math.max(fromMsn, keptFrom - availableAfter(window)) };
}

/** Returns how much media a show's first list needs. */
export function firstListDuration(profile: Profile): Samples {
  return samples(FIRST_LENGTH * profile.segmentUnits * AU_SAMPLES);
}

/**
 * Whether a segment's parts are listed. EXT-X-PART tags further than three target durations from the end of the playlist, the
 * hinted part included, are removed (section 6.2.2). A segment's parts are removed together: clients count them to know their
 * indices.
 */
export function listsParts(window: Window, segment: OpenSegment): boolean {
  const { lowLatency, partUnits } = window.profile;
  // At most three segments, the open one included: hls-parser counts segments, even if the last ones are short.
  const newest = window.open?.msn ?? lastMsn(window);
  return (
    lowLatency &&
    segment.msn > newest - 3 &&
    listedEnd(window) + partUnits * AU_SAMPLES - segment.at <= targets(window, 3)
  );
}

/** Returns the Skip Boundary in samples. */
export function skipBoundary(targetDuration: number): Samples {
  return samples(SKIP_BOUNDARY * targetDuration * SAMPLE_RATE);
}

/**
 * Returns the media sequence number of the first segment in a delta update of a list that keeps the segments which leave the
 * window. The delta skips those that lie wholly beyond the Skip Boundary, counted from the end of the last closed segment
 * (section 6.2.5.1). Null if the window has none of these, or the list has ended: then the whole list is the answer.
 */
export function skippedUntil(window: Window, boundary: Samples): number | null {
  const last = window.segments.at(-1);
  if (last === undefined || window.ended) return null;
  const limit = last.at + last.duration - boundary;
  const count = window.segments.filter((segment) => segment.at + segment.duration < limit).length;
  return count === 0 ? null : window.firstMsn + count;
}

/**
 * Returns the lowest media sequence number whose segment and parts must still be fetchable; older ones may be deleted.
 *
 * A segment that leaves the list must stay for its Availability Duration (section 6.2.2): its own duration plus that of the
 * longest playlist it was in, which is `length` segments and one that was nearly whole. The time is counted from when the segment
 * left, as for an ended playlist: the stricter of the section's two rules. Parts leave the list long before, and must stay for
 * three target durations only.
 */
export function oldestFetchableMsn(window: Window): number {
  return window.firstMsn - availableAfter(window);
}

/** How many segments longer a segment must be fetchable than it is listed. */
function availableAfter({ length }: Window): number {
  return length + 2;
}

function targets(window: Window, count: number): Samples {
  return samples(count * window.profile.targetDuration * SAMPLE_RATE);
}
