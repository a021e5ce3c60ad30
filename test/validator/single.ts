/** The rules that a single media list can break. */

import * as HLS from "hls-parser";
import { type MediaList, nanos } from "./list.ts";
import type { Report } from "./rules.ts";

const ONCE = [
  "EXT-X-VERSION",
  "EXT-X-TARGETDURATION",
  "EXT-X-MEDIA-SEQUENCE",
  "EXT-X-DISCONTINUITY-SEQUENCE",
];
const AT_MOST_ONCE = [
  "EXTM3U",
  "EXT-X-SERVER-CONTROL",
  "EXT-X-PART-INF",
  "EXT-X-SKIP",
  "EXT-X-ENDLIST",
  "EXT-X-PLAYLIST-TYPE",
];
const KNOWN = new Set([...ONCE, ...AT_MOST_ONCE, "EXT-X-MAP", "EXT-X-PRELOAD-HINT", "EXT-X-DATERANGE"]);
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const SECOND = 1_000_000_000n;

export function checkList(list: MediaList, report: Report): void {
  const say = (rule: Parameters<Report>[0], what: string) => report(rule, list.url, what);
  const target = BigInt(list.target) * SECOND;
  const all = [...list.segments, ...(list.open ? [list.open] : [])];
  const parts = all.flatMap((segment) => segment.parts);
  const seconds = (name: string) => nanos(list.control.get(name) ?? "");

  if (list.lines[0] !== "#EXTM3U") say("first-line", `starts with ${list.lines[0]}`);
  const version = list.skipped > 0 ? "9" : list.segments.some(({ gap }) => gap) ? "8" : "6";
  if (list.tags.get("EXT-X-VERSION")?.[0] !== version) say("version", `is not ${version}`);
  for (const name of ONCE) if (list.tags.get(name)?.length !== 1) say("tags", `${name} is not there once`);
  for (const name of AT_MOST_ONCE) if ((list.tags.get(name)?.length ?? 0) > 1) say("tags", `${name} twice`);
  for (const name of list.tags.keys()) if (!KNOWN.has(name)) say("tags", `${name} does not belong here`);
  for (const line of list.strange) say("tags", `${line} is not a segment of anything`);

  for (const { uri, duration } of list.segments) {
    if (duration <= 0n || duration > target) say("target-duration", `${uri} lasts ${duration} ns`);
  }
  if (list.control.has("HOLD-BACK") && seconds("HOLD-BACK") < 3n * target) say("hold-back", "is too short");
  if (list.control.has("CAN-SKIP-UNTIL") && seconds("CAN-SKIP-UNTIL") < 6n * target)
    say("skip-until", "is too short");

  if (list.partTarget !== undefined) {
    const partTarget = nanos(list.partTarget);
    if (seconds("PART-HOLD-BACK") < 3n * partTarget) say("part-hold-back", "is missing or too short");
    if (list.control.get("CAN-BLOCK-RELOAD") !== "YES") say("block-reload", "is not offered");
    if (!list.ended && list.segments.length > 0 && parts.length === 0)
      say("part-inf", "promises parts, has none");
    for (const part of parts) {
      if (part.duration <= 0n || part.duration > partTarget)
        say("part-target", `${part.uri} lasts ${part.text}`);
    }
  } else if (parts.length > 0 || list.hints.length > 0) say("part-inf", "is missing");
  for (const part of parts) {
    if (part.attributes.get("INDEPENDENT") !== "YES") say("independent", `${part.uri} does not say so`);
  }
  for (const { uri, duration, parts } of list.segments) {
    if (parts.length === 0) continue;
    // Each printed duration may be short of the exact one by less than a microsecond.
    const off = duration - parts.reduce((sum, part) => sum + part.duration, 0n);
    if (off < -1000n * BigInt(parts.length) || off > 1000n * BigInt(parts.length))
      say("part-sum", `${uri} by ${off} ns`);
  }
  let fromEnd = 0n;
  for (const segment of all.toReversed()) {
    const stepwise = segment.parts.toReversed();
    for (const part of stepwise) {
      if (fromEnd > 3n * target) say("part-age", `${part.uri} is ${fromEnd} ns from the end`);
      fromEnd += part.duration;
    }
    if (stepwise.length === 0) fromEnd += segment.duration;
  }
  checkDates(list, report);

  checkTimelines(list, report);
  const hinted = list.partTarget !== undefined && !list.ended ? 1 : 0;
  if (list.hints.length !== hinted) say("hint", `${list.hints.length} instead of ${hinted}`);
  for (const hint of list.hints)
    if (hint.get("TYPE") !== "PART" || !hint.has("URI")) say("hint", "is not of a part");
  if (list.ended && list.open !== undefined) say("ended", "with a segment that is not closed");
  if (!list.ended && list.segments.length + list.skipped < 3) say("window", "has fewer than three segments");

  const fault = hlsParserFault(list.lines.join("\n"));
  // This is only the parser's opinion: by section 4.4.3.8 CAN-BLOCK-RELOAD is optional, and this list has no low latency.
  const opinion = list.partTarget === undefined && fault?.includes("CAN-BLOCK-RELOAD=YES is mandatory");
  if (fault !== undefined && !opinion) say("hls-parser", fault);
}

/** Checks a list's maps, its discontinuities and its type. */
function checkTimelines(list: MediaList, report: Report): void {
  const say = (rule: Parameters<Report>[0], what: string) => report(rule, list.url, what);
  const map = list.lines.findIndex((line) => line.startsWith("#EXT-X-MAP:"));
  const first = list.lines.findIndex((line) => /^#EXT(INF|-X-PART:|-X-PROGRAM)/.test(line));
  if (map < 0 || (first >= 0 && first < map)) say("map", "does not stand before the first segment");
  const borders = list.lines.flatMap((line, n) => (line === "#EXT-X-DISCONTINUITY" ? [n] : []));
  for (const n of borders)
    if (!list.lines[n + 1]?.startsWith("#EXT-X-MAP:")) say("map", "has none after a discontinuity");
  if ((list.tags.get("EXT-X-MAP")?.length ?? 0) !== borders.length + 1)
    say("map", "changes within a timeline");
  // What the relay promises of a live list: it has one timeline.
  const isRewind = /\/rewind(-open)?\.m3u8$/.test(list.path);
  if (!isRewind && (borders.length > 0 || list.segments.some(({ gap }) => gap))) say("tags", "is cut");
  if (!isRewind && list.tags.has("EXT-X-PLAYLIST-TYPE")) say("tags", "has a type");
  const type = list.tags.get("EXT-X-PLAYLIST-TYPE")?.[0] ?? "EVENT";
  if (type !== "EVENT") say("event", `is a list of type ${type}`);
}

function hlsParserFault(text: string): string | undefined {
  try {
    HLS.setOptions({ strictMode: true });
    HLS.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function checkDates(list: MediaList, report: Report): void {
  checkDateRanges(list, report);
  const dated = [...list.segments, ...(list.open ? [list.open] : [])];
  let due: { date: number; nanos: bigint } | undefined;
  for (const segment of dated) {
    const where = segment.uri || `segment ${segment.msn} of ${list.url}`;
    if (segment.date === undefined || !DATE.test(segment.date)) {
      report("date", where, `is dated ${segment.date}`);
      return;
    }
    if (segment.lateDate) report("date", where, "is dated after its first part");
    const date = Date.parse(segment.date);
    if (segment.discontinuous) due = undefined;
    due ??= { date, nanos: 0n };
    const off = date - due.date - Number(due.nanos) / 1e6;
    if (Math.abs(off) > 1.001) report("date-continuity", where, `is ${off} ms off`);
    due = { ...due, nanos: due.nanos + segment.duration };
  }
}

function checkDateRanges(
  { url, dateRanges, lines, segments, open, skipped }: MediaList,
  report: Report,
): void {
  const say = (what: string) => report("date-range", url, what);
  const ids = dateRanges.map((range) => range.get("ID"));
  if (new Set(ids).size < ids.length) say(`has an ID twice: ${ids}`);
  const first = Date.parse((segments[0] ?? open)?.date ?? "");
  for (const range of dateRanges) {
    const [id, date = ""] = [range.get("ID"), range.get("START-DATE")];
    if (!id) say("has one without an ID");
    if (!DATE.test(date)) say(`has ${id} dated ${date}`);
    else if (skipped === 0 && Date.parse(date) < first) say(`still has ${id}, whose segment has left`);
    if (range.get("DURATION") !== "0") say(`has ${id}, which is no instant`);
    for (const name of range.keys())
      if (!/^(ID|CLASS|START-DATE|DURATION|X-[A-Z-]+)$/.test(name)) say(`has ${id} with ${name}`);
  }
  const tags = lines.filter((line) => line.startsWith("#EXT-X-DATERANGE:"));
  // The whole line must be an attribute list (section 4.2).
  const whole = /^#EXT-X-DATERANGE:([A-Z][A-Z-]*=("[^"]*"|\d+)(,(?=.)|$))+$/;
  for (const tag of tags) if (!whole.test(tag)) say(`has no attribute list in ${tag}`);
}
