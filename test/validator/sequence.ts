/** The rules that a sequence of media lists can break. */

import { type MediaList, nanos, resolve, type Segment } from "./list.ts";
import type { Report } from "./rules.ts";

const CONSTANT = [
  "EXT-X-TARGETDURATION",
  "EXT-X-SERVER-CONTROL",
  "EXT-X-PART-INF",
  "EXT-X-MAP",
  "EXT-X-PLAYLIST-TYPE",
];

/**
 * Checks the lists of one URL in the order in which one client got them. `jitterMillis` is what the client's network may add to
 * a wait.
 */
export function checkSequence(lists: readonly MediaList[], jitterMillis: number, report: Report): void {
  const known = new Map<number, Segment>();
  const parts = new Map<string, string>();
  const names = new Map<string, string>();
  const gone = new Set<string>();
  let before: MediaList | undefined;
  for (const list of lists) {
    const say = (rule: Parameters<Report>[0], what: string) => report(rule, list.url, what);
    if (before !== undefined) compare(before, list, say);
    checkDelta(list, known, say);
    checkDirective(list, say);
    for (const segment of [...list.segments, ...(list.open ? [list.open] : [])]) {
      const same = (key: string, uri: string, value: string) => {
        if (uri === "") return;
        if ((names.get(uri) ?? key) !== key) say("unique-uri", `${uri} was ${names.get(uri)}, is ${key}`);
        names.set(uri, key);
        if ((parts.get(key) ?? value) !== value)
          say("immutable", `${key} was ${parts.get(key)}, is ${value}`);
        parts.set(key, value);
        if (gone.has(key)) say("immutable", `${key} returned`);
      };
      same(`segment ${segment.msn}`, segment.uri, `${segment.uri} ${segment.text} ${segment.date}`);
      for (const [index, part] of segment.parts.entries()) {
        same(`part ${segment.msn}.${index}`, part.uri, `${part.uri} ${part.text} of ${segment.date}`);
      }
      const had = known.get(segment.msn)?.parts ?? [];
      if (segment.parts.length > 0 && segment.parts.length < had.length) {
        say("immutable", `segment ${segment.msn} has fewer parts than it had`);
      }
      if (segment.parts.length === 0)
        for (const index of had.keys()) gone.add(`part ${segment.msn}.${index}`);
      if (segment.parts.length >= had.length || segment.uri !== "") {
        known.set(segment.msn, segment.parts.length > 0 ? segment : { ...segment, parts: had });
      }
    }
    before = list;
  }
  checkDateRanges(lists, report);
  checkHints(lists, parts, report);
  checkCadence(lists, jitterMillis, report);
}

function checkDateRanges(lists: readonly MediaList[], report: Report): void {
  const said = new Map<string, string>();
  const gone = new Set<string>();
  for (const { url, dateRanges } of lists) {
    const present = new Set<string>();
    for (const range of dateRanges) {
      const id = range.get("ID") ?? "";
      const text = JSON.stringify([...range]);
      present.add(id);
      if ((said.get(id) ?? text) !== text) report("date-range", url, `${id} was ${said.get(id)}, is ${text}`);
      if (gone.has(id)) report("date-range", url, `${id} returned`);
      said.set(id, text);
    }
    for (const id of said.keys()) if (!present.has(id)) gone.add(id);
  }
}

type Say = (rule: Parameters<Report>[0], what: string) => void;

function compare(before: MediaList, list: MediaList, say: Say): void {
  for (const name of CONSTANT) {
    // A delta has only the newest map.
    const [was, is] = [before, list].map((some) => some.tags.get(name)?.at(-1));
    if (was !== is) say("constants", `${name} was ${was}, is ${is}`);
  }
  if (list.tags.has("EXT-X-PLAYLIST-TYPE") && list.firstMsn !== before.firstMsn)
    say("event", `began with ${before.firstMsn}, begins with ${list.firstMsn}`);
  if (list.firstMsn < before.firstMsn) say("media-sequence", `${before.firstMsn} became ${list.firstMsn}`);
  if (last(list) < last(before))
    say("media-sequence", `the last segment ${last(before)} became ${last(list)}`);
  const [was, is] = [before, list].map((some) => some.tags.get("EXT-X-DISCONTINUITY-SEQUENCE")?.[0]);
  if (was !== is) say("discontinuity-sequence", `${was} became ${is}`);
  if (before.ended && (!list.ended || last(list) !== last(before))) say("ended", "and went on");
  if (list.firstMsn > before.firstMsn && !list.ended) {
    const count = list.segments.length + list.skipped;
    const duration = list.segments.reduce((sum, segment) => sum + segment.duration, 0n);
    if (count < 6 || (list.skipped === 0 && duration < BigInt(3 * list.target) * 1_000_000_000n)) {
      say("window", `removed segments down to ${count}`);
    }
  }
}

function checkDelta(list: MediaList, known: ReadonlyMap<number, Segment>, say: Say): void {
  if (list.skipped === 0) return;
  const asked = new URL(list.url).searchParams.get("_HLS_skip");
  if (asked !== "YES" && asked !== "v2") say("delta", "was not asked for");
  if (list.ended) say("delta", "of an ended list");
  const boundary = list.control.get("CAN-SKIP-UNTIL");
  if (boundary === undefined) say("delta", "is not offered");
  const left = list.segments.reduce((sum, segment) => sum + segment.duration, 0n);
  if (boundary !== undefined && left < nanos(boundary))
    say("delta", `skips within the boundary: ${left} ns are left`);
  for (let msn = list.firstMsn; msn < list.firstMsn + list.skipped; msn += 1) {
    if (!known.get(msn)?.uri) say("delta", `skips segment ${msn}, which the client never saw`);
  }
}

function checkDirective(list: MediaList, say: Say): void {
  const query = new URL(list.url).searchParams;
  if (!query.has("_HLS_msn") || list.ended) return;
  const msn = Number(query.get("_HLS_msn"));
  const part = query.has("_HLS_part") ? Number(query.get("_HLS_part")) : 0;
  if (list.partTarget === undefined) {
    if (last(list) < msn) say("directive", `has no segment ${msn}`);
    return;
  }
  const closed = list.segments.find((segment) => segment.msn === msn);
  const beyond = closed !== undefined && closed.parts.length > 0 && part >= closed.parts.length;
  const open = list.open?.msn ?? 0;
  const there = beyond
    ? last(list) > msn || open > msn
    : last(list) >= msn || (open === msn && (list.open?.parts.length ?? 0) > part);
  if (!there) say("directive", `has no part ${msn}.${part}`);
}

/** Compares each list's hint with the part that followed the list's last one, if any did. */
function checkHints(lists: readonly MediaList[], parts: ReadonlyMap<string, string>, report: Report): void {
  for (const list of lists) {
    const uri = list.hints[0]?.get("URI");
    if (uri === undefined) continue;
    const next = list.open ? `part ${list.open.msn}.${list.open.parts.length}` : `part ${last(list) + 1}.0`;
    const came = parts.get(next)?.split(" ")[0];
    const hinted = resolve(uri, list.url);
    if (came !== undefined && came !== hinted) report("hint-kept", list.url, `${hinted}, but ${came} came`);
  }
}

/** Blocking answers come when their part is listed, so the times between answers are those between the parts. */
function checkCadence(lists: readonly MediaList[], jitterMillis: number, report: Report): void {
  const seen = new Map<string, { at: number; blocking: boolean }>();
  for (const list of lists) {
    const blocking = new URL(list.url).searchParams.has("_HLS_msn");
    const see = (key: string, previous: string, limit: number) => {
      if (seen.has(key)) return;
      seen.set(key, { at: list.at, blocking });
      const earlier = seen.get(previous);
      if (!blocking || !earlier?.blocking) return;
      const gap = list.at - earlier.at;
      if (gap > limit + jitterMillis) report("cadence", list.url, `${key} came ${gap} ms after ${previous}`);
    };
    for (const { msn } of list.segments) see(`segment ${msn}`, `segment ${msn - 1}`, 1500 * list.target);
    const target = Number(list.partTarget ?? 0) * 1000;
    let previous = "";
    for (const segment of [...list.segments, ...(list.open ? [list.open] : [])]) {
      for (const index of segment.parts.keys()) {
        const key = `part ${segment.msn}.${index}`;
        see(key, previous, target);
        previous = key;
      }
    }
  }
}

/** The media sequence number of the last whole segment. */
function last(list: MediaList): number {
  return list.firstMsn + list.skipped + list.segments.length - 1;
}
