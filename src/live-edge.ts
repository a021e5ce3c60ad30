import type { Directives } from "./media.ts";

/**
 * How far a show has come: its newest listed part, on the grid of segments and parts that its profile makes. The Broadcast
 * decides by it what to answer and what to hold (hls/directives.ts), the origin writes it into a header of every playlist,
 * and the edge judges by it what need not be asked for at all (edge/verdict.ts). The rules of
 * draft-pantos-hls-rfc8216bis-22 section 6.2.5.2 stand here, once for all three.
 */
export interface LiveEdge {
  readonly epoch: string;
  readonly ended: boolean;
  /** Of the first listed segment. */
  readonly firstMsn: number;
  /** Of the last finished segment; one less than `firstMsn` while there is none. */
  readonly lastMsn: number;
  /** Parts of the segment being made. */
  readonly openParts: number;
  /** Parts in a whole segment. */
  readonly partsPerSegment: number;
  /** Milliseconds in a part. */
  readonly partMillis: number;
  /** Whether playlists list parts, or whole segments only. */
  readonly listsParts: boolean;
  /** The wall clock at the end of the newest part, milliseconds since 1970. */
  readonly endsAt: number;
  /** The show's timelines before, whose segments are in its rewind lists; the oldest first. */
  readonly former: readonly FormerTimeline[];
}

/** What a rewind list may have of a timeline before the show's present one: segments, by number. */
export interface FormerTimeline {
  readonly epoch: string;
  readonly firstMsn: number;
  readonly lastMsn: number;
}

/** A place on the grid: one part of segment `msn`, or, where `part` is left out, the whole segment. */
export interface Place {
  readonly msn: number;
  readonly part?: number;
}

/** What media a name stands for (paths.ts). */
export type MediaName =
  | { readonly kind: "part"; readonly msn: number; readonly index: number }
  | { readonly kind: "segment"; readonly msn: number };

/** The header's name; between origin and edge alone. */
export const LIVE_EDGE_HEADER = "earshot-live-edge";

const FORM =
  /^([0-9a-z]{6,12});(live|ended);(\d+);(-?\d+);(\d+);(\d+);(\d+);(parts|segments);(\d+)((?:;[0-9a-z]{6,12}:\d+-\d+)*)$/;
const FORMER = /;([0-9a-z]+):(\d+)-(\d+)/g;

/** How far two clocks of the platform are taken to differ at most. */
const SKEW_MILLIS = 1_000;

export function writeLiveEdge(edge: LiveEdge): string {
  const { firstMsn, lastMsn, openParts, partsPerSegment, partMillis } = edge;
  const numbers = [firstMsn, lastMsn, openParts, partsPerSegment, partMillis];
  const [state, kind] = [edge.ended ? "ended" : "live", edge.listsParts ? "parts" : "segments"];
  const former = edge.former.map(({ epoch, firstMsn, lastMsn }) => `${epoch}:${firstMsn}-${lastMsn}`);
  return [edge.epoch, state, ...numbers, kind, Math.round(edge.endsAt), ...former].join(";");
}

/** Reads the header; null where it is absent or another version's. */
export function readLiveEdge(header: string | null): LiveEdge | null {
  const match = FORM.exec(header ?? "");
  if (match === null) return null;
  const numbers = match.slice(3, 8).map(Number);
  const [firstMsn = 0, lastMsn = 0, openParts = 0, partsPerSegment = 0, partMillis = 0] = numbers;
  const [epoch = "", state] = match.slice(1);
  const [ended, listsParts] = [state === "ended", match[8] === "parts"];
  const endsAt = Number(match[9]);
  const former = [...(match[10] ?? "").matchAll(FORMER)].map(([, epoch = "", first, last]) => ({
    epoch,
    firstMsn: Number(first),
    lastMsn: Number(last),
  }));
  const newest = { epoch, ended, firstMsn, lastMsn, openParts, partsPerSegment, partMillis };
  return { ...newest, listsParts, endsAt, former };
}

/**
 * The place that a playlist must have come to for these directives, null where any playlist will do.
 *
 * A list without parts counts whole segments, and a part means nothing in it. Else a segment without a part is for its
 * first: Safari asks so for a new segment, and an early answer makes it spin, one at the segment's end makes it late. A
 * part beyond its segment's last is the next segment's first. A list that has ended has nothing to wait for.
 */
export function placeAsked(edge: LiveEdge, { msn, part = 0 }: Directives): Place | null {
  if (msn === undefined || edge.ended) return null;
  if (!edge.listsParts) return { msn };
  return part >= edge.partsPerSegment ? { msn: msn + 1, part: 0 } : { msn, part };
}

/** How many parts are to come until `place` is there: 1 for the next part, 0 or less for what is listed. */
export function partsUntil(edge: LiveEdge, { msn, part }: Place): number {
  const { lastMsn, openParts, partsPerSegment } = edge;
  const listed = (lastMsn + 1) * partsPerSegment + openParts;
  return msn * partsPerSegment + (part ?? partsPerSegment - 1) + 1 - listed;
}

/** Whether a playlist with this live edge answers who asks for `place`; one that has ended answers everybody. */
export function covers(edge: LiveEdge, place: Place | null): boolean {
  return place === null || edge.ended || partsUntil(edge, place) <= 0;
}

/**
 * Whether `place` is to be refused: more than two segments after the last one, or beyond the Advance Part Limit, which is
 * three seconds of parts, rounded up in the client's favour, or three parts of a second and more.
 */
export function isTooFarAhead(edge: LiveEdge, place: Place): boolean {
  if (place.msn > edge.lastMsn + 2) return true;
  const limit = edge.partMillis < 1_000 ? Math.ceil(3_000 / edge.partMillis) : 3;
  return place.part !== undefined && partsUntil(edge, place) > limit;
}

/** Whether a segment of an epoch, or its init segment (null), is one of the show's former timelines'. */
export function isFormer({ former }: LiveEdge, epoch: string, msn: number | null): boolean {
  const timeline = former.find((one) => one.epoch === epoch);
  if (timeline === undefined) return false;
  return msn === null || (msn >= timeline.firstMsn && msn <= timeline.lastMsn);
}

/** The place of the newest media that there is. */
export function newest({ lastMsn, openParts, partsPerSegment, listsParts }: LiveEdge): Place {
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
 * The live edge as far as it can have come by wall-clock time `now`: the timeline is a real-time clock, so one of a while
 * ago still tells. Clocks may differ by a second, in favour of who asks.
 */
export function projected(edge: LiveEdge, now: number): LiveEdge {
  const parts = Math.floor((now + SKEW_MILLIS - edge.endsAt) / edge.partMillis);
  return edge.ended || parts <= 0 ? edge : advanced(edge, parts);
}

/** The live edge once media of its timeline has been had: what there is of it, lists that are asked for from now on have. */
export function withMedia(edge: LiveEdge, media: MediaName): LiveEdge {
  const ahead = partsUntil(edge, placeOfMedia(media));
  return edge.ended || ahead <= 0 ? edge : advanced(edge, ahead);
}

/** How long ago media ended, by the show's clock, in milliseconds at the most; below zero for what is yet to come. */
export function ageOf(edge: LiveEdge, media: MediaName, now: number): number {
  const since = Math.max(0, Math.floor((now + SKEW_MILLIS - edge.endsAt) / edge.partMillis));
  return (since - partsUntil(edge, placeOfMedia(media))) * edge.partMillis;
}

function placeOfMedia(media: MediaName): Place {
  return media.kind === "part" ? { msn: media.msn, part: media.index } : { msn: media.msn };
}

function advanced(edge: LiveEdge, by: number): LiveEdge {
  const { partsPerSegment, partMillis, endsAt } = edge;
  const parts = (edge.lastMsn + 1) * partsPerSegment + edge.openParts + by;
  return {
    ...edge,
    lastMsn: Math.floor(parts / partsPerSegment) - 1,
    openParts: parts % partsPerSegment,
    endsAt: endsAt + by * partMillis,
  };
}
