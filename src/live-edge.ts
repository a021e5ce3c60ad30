import type { Directives } from "./media.ts";

/**
 * A show's progress: its newest listed part, on the grid of segments and parts that its profile defines. The Broadcast decides
 * by it which requests to answer and which to hold (hls/directives.ts). The origin writes it into a header of every playlist.
 * The edge decides by it which requests need no call to the origin (edge/verdict.ts). The rules of
 * draft-pantos-hls-rfc8216bis-22 section 6.2.5.2 are here, once for all three.
 */
export interface LiveEdge {
  readonly epoch: string;
  readonly ended: boolean;
  /** The timeline has no segment with a lower number, whether listed or not; 0 where the origin does not say. */
  readonly oldestMsn: number;
  /** Media sequence number of the first listed segment. */
  readonly firstMsn: number;
  /** Media sequence number of the last finished segment; `firstMsn` - 1 while there is none. */
  readonly lastMsn: number;
  /** How many parts the unfinished segment has so far. */
  readonly openParts: number;
  /** Parts in a whole segment. */
  readonly partsPerSegment: number;
  /** Milliseconds in a part. */
  readonly partMillis: number;
  /** Whether playlists list parts, or whole segments only. */
  readonly listsParts: boolean;
  /** Wall-clock time at the end of the newest part, milliseconds since 1970. */
  readonly endsAt: number;
  /** The show's earlier timelines, whose segments are in its rewind lists; oldest first. */
  readonly former: readonly FormerTimeline[];
}

/** The segments of an earlier timeline that a rewind list may contain, by media sequence number. */
export interface FormerTimeline {
  readonly epoch: string;
  readonly firstMsn: number;
  readonly lastMsn: number;
}

/** A position on the grid: one part of segment `msn`, or the whole segment if `part` is left out. */
export interface Position {
  readonly msn: number;
  readonly part?: number;
}

/** The media that a URL names (paths.ts). */
export type MediaName =
  | { readonly kind: "part"; readonly msn: number; readonly index: number }
  | { readonly kind: "segment"; readonly msn: number };

/** The header's name. It is used only between origin and edge. */
export const LIVE_EDGE_HEADER = "earshot-live-edge";

const FORM =
  /^([0-9a-z]{6,12});(live|ended);(\d+);(-?\d+);(\d+);(\d+);(\d+);(parts|segments);(\d+)((?:;[0-9a-z]{6,12}:\d+-\d+)*)$/;
const FORMER = /;([0-9a-z]+):(\d+)-(\d+)/g;

/** The largest assumed difference between two clocks of the platform. */
const SKEW_MILLIS = 1_000;

export function writeLiveEdge(edge: LiveEdge): string {
  const { firstMsn, lastMsn, openParts, partsPerSegment, partMillis } = edge;
  const numbers = [firstMsn, lastMsn, openParts, partsPerSegment, partMillis];
  const [state, kind] = [edge.ended ? "ended" : "live", edge.listsParts ? "parts" : "segments"];
  const spans = edge.oldestMsn > 0 ? [...edge.former, ownSpan(edge)] : edge.former;
  const written = spans.map(({ epoch, firstMsn, lastMsn }) => `${epoch}:${firstMsn}-${lastMsn}`);
  return [edge.epoch, state, ...numbers, kind, Math.round(edge.endsAt), ...written].join(";");
}

/** The present timeline as one more of those in the header. An edge that does not know `oldestMsn` never looks for it there. */
function ownSpan({ epoch, oldestMsn, lastMsn }: LiveEdge): FormerTimeline {
  return { epoch, firstMsn: oldestMsn, lastMsn: Math.max(oldestMsn, lastMsn) };
}

/** Parses the header. Null where it is absent or written by a version with another format. */
export function readLiveEdge(header: string | null): LiveEdge | null {
  const match = FORM.exec(header ?? "");
  if (match === null) return null;
  const numbers = match.slice(3, 8).map(Number);
  const [firstMsn = 0, lastMsn = 0, openParts = 0, partsPerSegment = 0, partMillis = 0] = numbers;
  const [epoch = "", state] = match.slice(1);
  const [ended, listsParts] = [state === "ended", match[8] === "parts"];
  const endsAt = Number(match[9]);
  const spans = [...(match[10] ?? "").matchAll(FORMER)].map(([, epoch = "", first, last]) => ({
    epoch,
    firstMsn: Number(first),
    lastMsn: Number(last),
  }));
  const former = spans.filter((span) => span.epoch !== epoch);
  const oldestMsn = spans.find((span) => span.epoch === epoch)?.firstMsn ?? 0;
  const newest = { epoch, ended, oldestMsn, firstMsn, lastMsn, openParts, partsPerSegment, partMillis };
  return { ...newest, listsParts, endsAt, former };
}

/**
 * Returns the position that a playlist must include to satisfy these directives; null where any playlist does.
 *
 * In a list without parts the position is a whole segment, and `_HLS_part` is ignored. In a list with parts, a segment without a
 * part means its first part: Safari asks for a new segment that way. An earlier answer makes Safari request again in a tight
 * loop, and an answer at the segment's end makes it late. A part number beyond the segment's last part means the next segment's
 * first part. A list that has ended never waits.
 */
export function positionAsked(edge: LiveEdge, { msn, part = 0 }: Directives): Position | null {
  if (msn === undefined || edge.ended) return null;
  if (!edge.listsParts) return { msn };
  return part >= edge.partsPerSegment ? { msn: msn + 1, part: 0 } : { msn, part };
}

/** Returns how many parts are still to be listed before `position` is: 1 for the next part, 0 or less for a listed position. */
export function partsUntil(edge: LiveEdge, { msn, part }: Position): number {
  return ordinalOf(edge, { msn, part: part ?? edge.partsPerSegment - 1 }) + 1 - listedParts(edge);
}

/** Returns the number of a part within its show, counted from 0: the first part of segment 0. */
export function ordinalOf({ partsPerSegment }: LiveEdge, { msn, part }: Required<Position>): number {
  return msn * partsPerSegment + part;
}

/** Returns the number of the next part to be listed. */
function listedParts(edge: LiveEdge): number {
  return ordinalOf(edge, { msn: edge.lastMsn + 1, part: edge.openParts });
}

/** Whether a playlist with this live edge satisfies a request for `position`. One that has ended satisfies every request. */
export function covers(edge: LiveEdge, position: Position | null): boolean {
  return position === null || edge.ended || partsUntil(edge, position) <= 0;
}

/**
 * Whether a request for `position` must be refused: it is more than two segments after the last one, or beyond the Advance Part
 * Limit. That limit is three seconds of parts, rounded up in the client's favour, or three parts if a part lasts 1 s or more.
 */
export function isTooFarAhead(edge: LiveEdge, position: Position): boolean {
  if (position.msn > edge.lastMsn + 2) return true;
  const limit = edge.partMillis < 1_000 ? Math.ceil(3_000 / edge.partMillis) : 3;
  return position.part !== undefined && partsUntil(edge, position) > limit;
}

/** Returns the later of two places. */
export function later(a: Position, b: Position): Position {
  return a.msn > b.msn || (a.msn === b.msn && (a.part ?? 0) > (b.part ?? 0)) ? a : b;
}

/** Segments that must exist before a playlist is first handed out: players start three target durations from its end. */
export const FIRST_LENGTH = 3;

/** Returns the position that must be listed before a playlist is handed out: the end of the third segment. */
export function firstPublished({ firstMsn, partsPerSegment, listsParts }: LiveEdge): Position {
  const msn = firstMsn + FIRST_LENGTH - 1;
  return listsParts ? { msn, part: partsPerSegment - 1 } : { msn };
}

/** Whether part `part` of segment `msn` is due within the time of one segment. */
export function isSoon(edge: LiveEdge, { msn, part }: Required<Position>): boolean {
  const until = partsUntil(edge, { msn, part });
  return !edge.ended && part < edge.partsPerSegment && until > 0 && until <= edge.partsPerSegment;
}

/**
 * The Skip Boundary in target durations: the least that is allowed (section 4.4.3.8). No segment is longer than one target
 * duration, so every delta update lists at least as many of the newest finished segments.
 */
export const SKIP_BOUNDARY = 6;

/**
 * Whether these directives are answered with a delta update, which has the segments from `until` on. `until` is null if there is
 * no delta update, as for a list that has ended, where all directives are ignored (section 6.2.5.1). A stale request gets the
 * entire list (section 6.2.5.2: "even if it is no longer in the Playlist"). So does a request for a segment that the delta would
 * skip: its client does not have that segment, and could not merge the delta.
 */
export function isDelta(until: number | null, { skip, msn }: Directives): boolean {
  return skip === true && until !== null && (msn ?? Number.POSITIVE_INFINITY) >= until;
}

/**
 * Whether a client with these directives can use any answer that a rewind list with this live edge may be, the delta update too.
 * The Broadcast decides by {@link isDelta} on the segments' durations. The edge does not know those: it counts only on the
 * segments that every delta update lists. An ended list is sent whole.
 */
export function mayMerge({ ended, lastMsn }: LiveEdge, directives: Directives): boolean {
  return directives.skip !== true || ended || isDelta(lastMsn + 1 - SKIP_BOUNDARY, directives);
}

/** What of a former timeline a rewind list may contain: its init segment and whole segments. */
type Whole<T> = Extract<T, { readonly kind: "init" | "segment" }>;

/** Whether `target` is media of one of the show's former timelines that a rewind list may contain. */
export function isFormer<T extends { readonly kind: string; readonly epoch: string; readonly msn?: number }>(
  { former }: LiveEdge,
  target: T,
): target is Whole<T> {
  const timeline = former.find(({ epoch }) => epoch === target.epoch);
  if (timeline === undefined) return false;
  if (target.kind === "init") return true;
  const { kind, msn = -1 } = target;
  return kind === "segment" && msn >= timeline.firstMsn && msn <= timeline.lastMsn;
}

/** Returns the position of the newest media. */
export function newest({ lastMsn, openParts, partsPerSegment, listsParts }: LiveEdge): Position {
  if (!listsParts) return { msn: lastMsn };
  return openParts > 0
    ? { msn: lastMsn + 1, part: openParts - 1 }
    : { msn: lastMsn, part: partsPerSegment - 1 };
}

/** Whether a list with live edge `a` is at least as new as one with `b`. */
export function isAsNew(a: LiveEdge, b: LiveEdge): boolean {
  if (a.epoch !== b.epoch) return a.epoch > b.epoch;
  return a.ended || a.lastMsn > b.lastMsn || (a.lastMsn === b.lastMsn && a.openParts >= b.openParts);
}

/**
 * Returns the furthest live edge that is possible at wall-clock time `now`. The timeline is a real-time clock, so an old live
 * edge can be extrapolated. The second by which clocks may differ is added in the client's favour.
 */
export function projected(edge: LiveEdge, now: number): LiveEdge {
  const parts = Math.floor((now + SKEW_MILLIS - edge.endsAt) / edge.partMillis);
  return edge.ended || parts <= 0 ? edge : advanced(edge, parts);
}

/** Returns the live edge advanced to media that was fetched: media that exists is in every playlist requested from now on. */
export function withMedia(edge: LiveEdge, media: MediaName): LiveEdge {
  const ahead = partsUntil(edge, positionOfMedia(media));
  return edge.ended || ahead <= 0 ? edge : advanced(edge, ahead);
}

/** Returns the greatest possible age of the end of `media` by the show's clock, milliseconds; negative for future media. */
export function ageOf(edge: LiveEdge, media: MediaName, now: number): number {
  const since = Math.max(0, Math.floor((now + SKEW_MILLIS - edge.endsAt) / edge.partMillis));
  return (since - partsUntil(edge, positionOfMedia(media))) * edge.partMillis;
}

function positionOfMedia(media: MediaName): Position {
  return media.kind === "part" ? { msn: media.msn, part: media.index } : { msn: media.msn };
}

function advanced(edge: LiveEdge, by: number): LiveEdge {
  const { partsPerSegment, partMillis, endsAt } = edge;
  const parts = listedParts(edge) + by;
  return {
    ...edge,
    lastMsn: Math.floor(parts / partsPerSegment) - 1,
    openParts: parts % partsPerSegment,
    endsAt: endsAt + by * partMillis,
  };
}
