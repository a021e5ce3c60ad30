/** The rules that a capture's bytes can break: init segment, parts and segments against the lists that name them. */

import { type Chunk, initFault, readChunks } from "./boxes.ts";
import { attributes, type MediaList, resolve, type Segment } from "./list.ts";
import type { Report } from "./rules.ts";

/** Checks the media of a capture. `bodies` has the bytes of each resource by its URL without query. */
export function checkMedia(
  lists: readonly MediaList[],
  bodies: ReadonlyMap<string, Uint8Array>,
  report: Report,
): void {
  for (const map of new Set(lists.flatMap(mapsOf))) {
    const bytes = bodies.get(map);
    const fault = bytes === undefined ? "was never fetched" : initFault(bytes);
    if (fault !== undefined) report(bytes === undefined ? "uncaptured" : "init", map, fault);
  }
  checkTimeline(timeline(lists), bodies, report);
  for (const { uri, parts } of timeline(lists)) {
    const whole = bodies.get(uri);
    const pieces = parts.map((part) => bodies.get(part.uri));
    if (whole === undefined || parts.length === 0 || pieces.includes(undefined)) continue;
    const joined = Buffer.concat(pieces.map((piece) => piece ?? new Uint8Array()));
    if (!joined.equals(whole)) report("segment-bytes", uri, "is not its parts, one after the other");
  }
  checkCoverage(lists, bodies, report);
}

/** Every segment of the capture in order, with all parts that any list had of it. */
export function timeline(lists: readonly MediaList[]): Segment[] {
  const known = new Map<number, Segment>();
  for (const list of lists) {
    for (const segment of [...list.segments, ...(list.open ? [list.open] : [])]) {
      const had = known.get(segment.msn);
      const parts = segment.parts.length >= (had?.parts.length ?? 0) ? segment.parts : (had?.parts ?? []);
      known.set(segment.msn, { ...segment, uri: segment.uri || (had?.uri ?? ""), parts });
    }
  }
  return [...known.values()].sort((a, b) => a.msn - b.msn);
}

function checkTimeline(
  segments: readonly Segment[],
  bodies: ReadonlyMap<string, Uint8Array>,
  report: Report,
): void {
  let due: { time: number; sequence: number } | undefined;
  let epoch: number | undefined;
  for (const segment of segments) {
    if (segment.discontinuous) [due, epoch] = [undefined, undefined];
    if (segment.gap) {
      due = undefined;
      continue;
    }
    const first = due;
    const whole = read(segment.uri, bodies, report);
    if (whole !== undefined) {
      follow(segment.uri, whole, true, segment.duration);
      if (segment.parts.some(({ uri }) => bodies.has(uri))) due = first;
    }
    for (const [index, part] of segment.parts.entries()) {
      const chunks = read(part.uri, bodies, report);
      if (chunks === undefined) {
        if (whole === undefined) due = undefined;
        continue;
      }
      if (chunks.length !== 1) report("chunk", part.uri, `has ${chunks.length} chunks`);
      follow(part.uri, chunks, index === 0, part.duration);
    }
    const start = whole?.[0] ?? read(segment.parts[0]?.uri ?? "", bodies, () => {})?.[0];
    if (start === undefined) {
      due = undefined;
      continue;
    }
    // Where sample 0 falls on the wall clock; every segment must agree.
    const zero = Date.parse(segment.date ?? "") - start.decodeTime / 48;
    epoch ??= zero;
    if (!(Math.abs(zero - epoch) <= 1.001)) report("tfdt-date", segment.uri, `is ${zero - epoch} ms off`);
  }

  function follow(uri: string, chunks: readonly Chunk[], opens: boolean, duration: bigint): void {
    let count = 0;
    for (const [index, chunk] of chunks.entries()) {
      if (chunk.styp && !(opens && index === 0)) report("styp", uri, "is inside a segment");
      if (opens && index === 0 && !chunk.styp) report("styp", uri, "is missing");
      if (due !== undefined && chunk.decodeTime !== due.time) {
        report("tfdt", uri, `starts at ${chunk.decodeTime}, expected ${due.time}`);
      }
      if (due !== undefined && chunk.sequence <= due.sequence)
        report("sequence-number", uri, `${chunk.sequence}`);
      due = { time: chunk.decodeTime + chunk.samples, sequence: chunk.sequence };
      count += chunk.samples;
    }
    const off = Number(duration) - (count * 1e9) / 48_000;
    if (Math.abs(off) > 1000) report("duration", uri, `is listed ${off} ns off its samples`);
  }
}

function read(uri: string, bodies: ReadonlyMap<string, Uint8Array>, report: Report): Chunk[] | undefined {
  const bytes = bodies.get(uri);
  if (bytes === undefined) return undefined;
  try {
    return readChunks(bytes);
  } catch (error) {
    report("chunk", uri, error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/**
 * Everything that became listed after the first list must have been fetched, and everything fetched must have been listed or
 * hinted.
 */
function checkCoverage(
  lists: readonly MediaList[],
  bodies: ReadonlyMap<string, Uint8Array>,
  report: Report,
): void {
  const [first, ...later] = lists.map(urisOf);
  const known = new Set([...(first ?? []), ...lists.flatMap(mapsOf)]);
  for (const uri of new Set(later.flatMap((uris) => [...uris]))) {
    if (known.has(uri)) continue;
    known.add(uri);
    if (!bodies.has(uri)) report("uncaptured", uri, "was listed, never fetched");
  }
  for (const list of lists) {
    for (const hint of list.hints) known.add(resolve(hint.get("URI") ?? "", list.url));
  }
  for (const uri of bodies.keys()) if (!known.has(uri)) report("unlisted", uri, "was fetched, never listed");
}

function urisOf(list: MediaList): Set<string> {
  const parts = [...list.segments, ...(list.open ? [list.open] : [])].flatMap((segment) => segment.parts);
  return new Set([...list.segments, ...parts].map(({ uri }) => uri));
}

function mapsOf(list: MediaList): string[] {
  const maps = list.tags.get("EXT-X-MAP") ?? [""];
  return maps.map((map) => resolve(attributes(map).get("URI") ?? "", list.url));
}
