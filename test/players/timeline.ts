import { findMarks } from "../kit/probe/marks.ts";
import { LOOP_SECONDS, MARK_CENTRE, RATE } from "../kit/probe/signal.ts";
import type { Capture, Exchange } from "../validator/capture.ts";
import { type MediaList, pathOf, readList } from "../validator/list.ts";
import { timeline } from "../validator/media.ts";

/** A captured show as one file. */
export interface Whole {
  /** The init segment and every whole segment, concatenated. */
  readonly bytes: Uint8Array;
  /** The date of the first sample, ms since 1970. */
  readonly startedAt: number;
  /** The time from the first segment's date to the last one's end, ms. */
  readonly datedMs: number;
}

/** Concatenates the segments of a capture. */
export function assemble(captured: Capture): Whole {
  const lists = listsOf(captured);
  const bodies = new Map(captured.map((exchange) => [pathOf(exchange.url), exchange.body]));
  const segments = timeline(lists).filter((segment) => segment.uri !== "");
  const first = segments[0];
  const last = segments.at(-1);
  const init = captured.find(({ url }) => new URL(url).pathname.endsWith("/init.mp4"));
  if (!first?.date || !last?.date || !init)
    throw new Error("the capture has no dated segment or no init segment");
  const pieces = segments.map(({ uri }) => {
    const body = bodies.get(uri);
    if (body === undefined) throw new Error(`${uri} was not captured`);
    return body;
  });
  const end = Date.parse(last.date) + Number(last.duration) / 1e6;
  return {
    bytes: Buffer.concat([init.body, ...pieces]),
    startedAt: Date.parse(first.date),
    datedMs: end - Date.parse(first.date),
  };
}

/**
 * Returns how far the newest sample of each playlist was behind the wall clock when the playlist arrived, ms: the
 * minimum of a stretch at the beginning of the capture and of one at its end. If the dates keep time the two agree,
 * however jittery the network.
 */
export function arrivals(captured: Capture): { early: number; late: number } {
  const lags = listsOf(captured).flatMap((list) => {
    const end = endOf(list);
    return end === null || list.control.size === 0 ? [] : [list.at - end];
  });
  // The last playlist is that of the show's end: it closed a segment before its time.
  const stretch = Math.min(100, Math.floor(lags.length / 3));
  return { early: Math.min(...lags.slice(1, 1 + stretch)), late: Math.min(...lags.slice(-1 - stretch, -1)) };
}

/**
 * Returns how far each mark's date is behind the moment it was spoken, ms: for the first mark, the last, and the worst.
 * `spokenFrom` is when the loop began, ms since 1970.
 */
export function pace(pcm: Float32Array, startedAt: number, spokenFrom: number) {
  const behind = findMarks(pcm, RATE).map(({ code, at }) => {
    const heard = startedAt + at * 1000 - spokenFrom;
    const within = (code + MARK_CENTRE) * 1000;
    const rounds = Math.round((heard - within) / (LOOP_SECONDS * 1000));
    return heard - within - rounds * LOOP_SECONDS * 1000;
  });
  return { first: behind[0] ?? Number.NaN, last: behind.at(-1) ?? Number.NaN, worst: Math.max(...behind) };
}

function endOf(list: MediaList): number | null {
  const open = list.open;
  const last = open && open.parts.length > 0 && open.date ? open : list.segments.at(-1);
  if (!last?.date) return null;
  const parts = last.parts.reduce((sum, part) => sum + part.duration, 0n);
  return Date.parse(last.date) + Number(last.uri === "" ? parts : last.duration) / 1e6;
}

function listsOf(captured: Capture): MediaList[] {
  return captured
    .filter(isMediaList)
    .map(({ body, url, at }) => readList(new TextDecoder().decode(body), url, at));
}

function isMediaList({ url, body }: Exchange): boolean {
  return (
    new URL(url).pathname.endsWith(".m3u8") && !new TextDecoder().decode(body).includes("#EXT-X-STREAM-INF")
  );
}
