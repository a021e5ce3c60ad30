import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PROFILES } from "../../src/media.ts";
import type { Capture, Exchange } from "../validator/capture.ts";
import { RULES, type Rule } from "../validator/rules.ts";
import { validateCapture } from "../validator/validate.ts";
import { simulatedCapture } from "./simulated.ts";

/** The validator finds nothing wrong in a flawless capture, and finds each fault that is put into one. */

const LOW = simulatedCapture(PROFILES.low, 22 * 90 + 40, { length: 10 });
const LONG = simulatedCapture(PROFILES.low, 28 * 90 + 19, { rewinds: true });
const EVENTFUL = simulatedCapture(PROFILES.low, 22 * 90 + 40, { length: 10, events: true });
const ECONOMY = simulatedCapture(PROFILES.economy, 14 * 180 + 40, { length: 10 });

describe("a flawless capture has no findings", () => {
  test.each([
    ["low", LOW],
    ["low with deltas", LONG],
    ["balanced", simulatedCapture(PROFILES.balanced, 30 * 90)],
    ["economy", ECONOMY],
    ["low, eventful", EVENTFUL],
    ["economy, eventful", simulatedCapture(PROFILES.economy, 40 * 180, { events: true })],
    ["balanced with deltas", simulatedCapture(PROFILES.balanced, 20 * 90, { rewinds: true })],
    ["economy with deltas", simulatedCapture(PROFILES.economy, 20 * 180, { rewinds: true })],
  ])("%s", (_, capture) => {
    expect(validateCapture(capture)).toEqual([]);
  });

  test("and it really has deltas, removals and an end", () => {
    expect(texts(LONG).some((text) => text.includes("#EXT-X-SKIP"))).toBe(true);
    expect(texts(LOW).some((text) => text.includes("SEQUENCE:1005"))).toBe(true);
    expect(texts(LOW).at(-1)).toContain("#EXT-X-ENDLIST");
  });
});

const STYP =
  LOW.filter(isPart)
    .find(({ url }) => url.endsWith(".0.m4s"))
    ?.body.slice(0, 32) ?? new Uint8Array();

/** One fault each. Every rule has at least one, and that rule must report it. */
const FAULTS: readonly [Rule, string, Capture | (() => Capture)][] = [
  ["status", "a part is not there", change(LOW, part(20), (e) => ({ ...e, status: 404 }))],
  ["content-type", "a list", change(LOW, list(9), header("content-type", "application/x-mpegURL"))],
  ["content-type", "a part", change(LOW, part(9), header("content-type", "application/octet-stream"))],
  ["cache-control", "a list without", change(LOW, list(9), header("cache-control", ""))],
  ["cache-control", "a part that may not be kept", change(LOW, part(9), header("cache-control", "no-store"))],
  ["cors", "a list", change(LOW, list(9), header("access-control-allow-origin", ""))],
  ["multivariant", "none at all", LOW.slice(1)],
  ["multivariant", "no codecs", edit(LOW, multivariant, /,CODECS=".*"/, "")],
  ["multivariant", "no average", edit(LOW, multivariant, /AVERAGE-BANDWIDTH=\d+,/, "")],
  ["multivariant", "dependent segments", edit(LOW, multivariant, "#EXT-X-INDEPENDENT-SEGMENTS\n", "")],
  ["multivariant", "another list", edit(LOW, multivariant, "a/index", "b/index")],
  ["multivariant", "two variants", edit(LOW, multivariant, /#EXT-X-STREAM-INF[\s\S]*/, "$&$&")],
  [
    "bandwidth",
    "a peak over what is declared",
    edit(LOW, multivariant, /BANDWIDTH=\d+,AVERAGE-BANDWIDTH=\d+/, "BANDWIDTH=3000,AVERAGE-BANDWIDTH=3000"),
  ],
  [
    "bandwidth",
    "an average over what is declared",
    edit(LOW, multivariant, /AVERAGE-BANDWIDTH=\d+/, "AVERAGE-BANDWIDTH=3000"),
  ],
  ["first-line", "a blank one", edit(LOW, list(5), "#EXTM3U", "\n#EXTM3U")],
  ["version", "too high", edit(LOW, list(5), "VERSION:6", "VERSION:9")],
  ["version", "too low for a skip", edit(LONG, delta, "VERSION:9", "VERSION:6")],
  ["tags", "no discontinuity sequence", edit(LOW, list(5), /#EXT-X-DISCONTINUITY-SEQUENCE.*\n/, "")],
  ["tags", "two target durations", edit(LOW, list(5), /#EXT-X-TARGETDURATION.*\n/, "$&$&")],
  ["tags", "a discontinuity", edit(LOW, list(5), "#EXT-X-PROGRAM", "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM")],
  [
    "tags",
    "a playlist type",
    edit(LOW, list(5), "#EXT-X-PART-INF", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-PART-INF"),
  ],
  ["tags", "a start", edit(LOW, list(5), "#EXT-X-PART-INF", "#EXT-X-START:TIME-OFFSET=-3\n#EXT-X-PART-INF")],
  ["tags", "a URI without a segment", edit(LOW, list(5), /#EXTINF:.*\n/, "")],
  ["target-duration", "a segment above it", edit(LOW, list(5), "EXTINF:1.920", "EXTINF:2.100")],
  ["part-inf", "missing", edit(LOW, list(5), /#EXT-X-PART-INF.*\n/, "")],
  ["part-inf", "without parts", edit(LOW, list(5), /#EXT-X-PART:.*\n/g, "")],
  ["part-target", "a part above it", edit(LOW, list(5), "DURATION=0.384,", "DURATION=0.385,")],
  ["part-target", "rounded down", edit(LOW, every, "PART-TARGET=0.384", "PART-TARGET=0.383999")],
  ["part-hold-back", "two parts", edit(LOW, every, "PART-HOLD-BACK=1.152", "PART-HOLD-BACK=0.768")],
  ["part-hold-back", "missing", edit(LOW, every, "PART-HOLD-BACK=1.152,", "")],
  ["hold-back", "two target durations", edit(LOW, every, ",HOLD-BACK=6.000", ",HOLD-BACK=4.000")],
  ["event", "of another type", edit(LONG, every, "TYPE:EVENT", "TYPE:VOD")],
  [
    "event",
    "a segment left it",
    edit(
      LONG,
      (e) => isList(e) && text(e).includes("#EXT-X-ENDLIST"),
      "MEDIA-SEQUENCE:1000",
      "MEDIA-SEQUENCE:1001",
    ),
  ],
  ["skip-until", "five target durations", edit(LONG, every, "SKIP-UNTIL=12.000", "SKIP-UNTIL=10.000")],
  ["block-reload", "not offered", edit(LOW, every, "CAN-BLOCK-RELOAD=YES,", "")],
  ["independent", "a part that does not say so", edit(LOW, list(5), ",INDEPENDENT=YES", "")],
  ["part-sum", "a part too few", edit(LOW, list(5), /#EXT-X-PART:.*\n/, "")],
  [
    "part-age",
    "parts of long ago",
    edit(
      LOW,
      list(60),
      /#EXTINF:.*\n(10\d\d)\.m4s/,
      '#EXT-X-PART:DURATION=0.384,URI="$1.0.m4s",INDEPENDENT=YES\n$&',
    ),
  ],
  ["date", "missing", edit(LOW, list(5), /#EXT-X-PROGRAM.*\n/, "")],
  ["date", "without milliseconds", edit(LOW, list(5), /(DATE-TIME:.*)\.\d{3}Z/, "$1Z")],
  ["date", "without a zone", edit(LOW, list(5), /(DATE-TIME:.*)Z/, "$1")],
  ["date", "after the first part", edit(LOW, list(5), /(#EXT-X-PROGRAM.*\n)(#EXT-X-PART:.*\n)/, "$2$1")],
  ["date-continuity", "a jump", edit(LOW, list(5), /:05\.760Z/, ":05.780Z")],
  ["map", "missing", edit(LOW, list(5), /#EXT-X-MAP.*\n/, "")],
  ["map", "after the first segment", edit(LOW, list(5), /(#EXT-X-MAP.*\n)([\s\S]*m4s\n)/, "$2$1")],
  ["date-range", "an ID twice", edit(EVENTFUL, list(50), /#EXT-X-DATERANGE.*\n/, "$&$&")],
  ["date-range", "no ID", edit(EVENTFUL, list(50), /:ID="\d+",/, ":")],
  ["date-range", "no date", edit(EVENTFUL, list(50), /,START-DATE="[^"]*"/, "")],
  ["date-range", "another title", edit(EVENTFUL, list(50), /X-TITLE="/, "$&Not ")],
  ["date-range", "open-ended", edit(EVENTFUL, list(50), ",DURATION=0", "")],
  ["date-range", "one that is long over", edit(EVENTFUL, list(50), /START-DATE="2026/, 'START-DATE="2025')],
  ["date-range", "one that comes back", edit(EVENTFUL, list(50), /#EXT-X-DATERANGE.*\n/, "")],
  ["date-range", "a quote too many", edit(EVENTFUL, list(50), /X-TITLE="/, '$&"')],
  ["date-range", "what no client knows", edit(EVENTFUL, list(50), ",DURATION=0", ",DURATION=0,COLOUR=1")],
  ["hint", "missing", edit(LOW, list(5), /#EXT-X-PRELOAD.*\n/, "")],
  ["hint", "two", edit(LOW, list(5), /#EXT-X-PRELOAD.*\n/, "$&$&")],
  ["hint", "of a map", edit(LOW, list(5), "TYPE=PART", "TYPE=MAP")],
  [
    "hint",
    "at the end",
    edit(LOW, last, "#EXT-X-ENDLIST", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="9.9.m4s"\n#EXT-X-ENDLIST'),
  ],
  ["hint-kept", "another part", edit(LOW, list(7), /(PRELOAD.*URI=".*)\.(\d)\.m4s/, "$1.9.m4s")],
  ["window", "two segments at the start", edit(LOW, list(0), /#EXT-X-PROGRAM.*\n#EXTINF.*\n.*\n/, "")],
  ["window", "shrunk to three segments", edit(LOW, list(70), /(?:#EXT-X-PROGRAM.*\n#EXTINF.*\n.*\n){7}/, "")],
  ["hls-parser", "a hold-back of nothing", edit(LOW, every, ",HOLD-BACK=6.000", ",HOLD-BACK=1.000")],
  ["constants", "the part target", edit(LOW, list(30), "PART-TARGET=0.384", "PART-TARGET=0.400")],
  ["constants", "the hold-back", edit(LOW, list(30), "PART-HOLD-BACK=1.152", "PART-HOLD-BACK=1.200")],
  ["constants", "the init segment", edit(LOW, list(30), "init.mp4", "init2.mp4")],
  ["media-sequence", "goes back", edit(LOW, list(60), /MEDIA-SEQUENCE:\d+/, "MEDIA-SEQUENCE:1000")],
  [
    "media-sequence",
    "an old list again",
    [...LOW.slice(0, -20), ...LOW.filter((e, n) => isList(e) && n > 60).slice(0, 1), ...LOW.slice(-20)],
  ],
  [
    "discontinuity-sequence",
    "goes up",
    edit(LOW, list(60), "DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1"),
  ],
  ["immutable", "a segment's URI", edit(LOW, list(60), /(#EXTINF.*\n)/, "$1x")],
  ["immutable", "a segment's date", edit(LOW, list(60), /\.(\d)(\d\d)Z/, ".$11$2Z".replace("$11$2", "001"))],
  ["immutable", "a part's duration", edit(LOW, list(60), "DURATION=0.384", "DURATION=0.383")],
  [
    "immutable",
    "parts that return",
    edit(
      LOW,
      last,
      /#EXTINF:.*\n(10\d\d)\.m4s/,
      '#EXT-X-PART:DURATION=0.384,URI="$1.0.m4s",INDEPENDENT=YES\n$&',
    ),
  ],
  ["unique-uri", "one name for two parts", edit(LOW, every, /\.1\.m4s/g, ".0.m4s")],
  ["ended", "and goes on", [...LOW, ...LOW.filter(isList).slice(-2, -1)]],
  ["ended", "with an open segment", edit(LOW, last, /#EXTINF.*\n.*\n#EXT-X-ENDLIST/, "#EXT-X-ENDLIST")],
  [
    "delta",
    "not asked for",
    change(LONG, delta, (e) => ({ ...e, url: e.url.replace("&_HLS_skip=YES", "") })),
  ],
  ["delta", "not offered", edit(LONG, every, ",CAN-SKIP-UNTIL=12.000", "")],
  [
    "delta",
    "within the boundary",
    edit(
      LONG,
      delta,
      /SKIPPED-SEGMENTS=(\d+)\n(#EXT-X-MAP.*\n)#EXT-X-PROGRAM.*\n#EXTINF.*\n.*\n/,
      (_, n, map) => `SKIPPED-SEGMENTS=${Number(n) + 1}\n${map}`,
    ),
  ],
  [
    "delta",
    "of what was never seen",
    LONG.filter((exchange) => !isList(exchange) || text(exchange).includes("#EXT-X-SKIP")),
  ],
  [
    "directive",
    "answered too early",
    change(LOW, list(9), (e) => ({
      ...e,
      url: e.url
        .replace(/_HLS_part=\d/, "_HLS_part=4")
        .replace(/_HLS_msn=(\d+)/, (_, m) => `_HLS_msn=${Number(m) + 1}`),
    })),
  ],
  ["cadence", "a part late", delayed(LOW, 40, 900)],
  ["cadence", "a segment late", delayed(LOW, 40, 2000)],
  ["unlisted", "something else", change(LOW, part(9), (e) => ({ ...e, url: e.url.replace(".m4s", ".mp3") }))],
  ["uncaptured", "a part", LOW.filter((exchange) => exchange !== LOW.filter(isPart)[9])],
  ["uncaptured", "a segment", LOW.filter((exchange) => exchange !== LOW.filter(isSegment)[4])],
  ["uncaptured", "the init segment", LOW.filter(({ url }) => !url.endsWith("init.mp4"))],
  [
    "same-bytes",
    "a part fetched twice",
    [...LOW, ...change(LOW.filter(isPart).slice(0, 1), () => true, patch(60, 1))()],
  ],
  ["init", "a duration", change(LOW, init, patchAfter("mvhd", 16, [0, 0, 0, 1]))],
  ["init", "an edit list", change(LOW, init, rename("mdia", "edts"))],
  ["init", "another brand", change(LOW, init, rename("iso6", "isom"))],
  ["init", "HE-AAC", change(LOW, init, patchAfter("\x05\x05", 0, [0x29]))],
  ["init", "another timescale", change(LOW, init, patchAfter("mdhd", 12, [0, 0, 0xac, 0x44]))],
  ["chunk", "not a moof", change(LOW, part(9), rename("moof", "moov"))],
  ["chunk", "a wrong offset", change(LOW, part(9), patchAfter("trun", 8, [0, 0, 0, 1]))],
  ["chunk", "a wrong size", change(LOW, part(9), patchAfter("trun", 12, [0, 0, 0, 99]))],
  ["chunk", "a 32-bit time", change(LOW, part(9), patchAfter("tfdt", 0, [0]))],
  ["chunk", "cut short", change(LOW, part(9), (e) => ({ ...e, body: e.body.slice(0, -1) }))],
  [
    "chunk",
    "two in one part",
    change(LOW, part(9), (e) => ({ ...e, body: new Uint8Array(Buffer.concat([e.body, e.body])) })),
  ],
  ["styp", "missing at the start", change(LOW, openingPart(2), (e) => ({ ...e, body: e.body.slice(32) }))],
  [
    "styp",
    "inside",
    change(LOW, part(10), (e) => ({ ...e, body: new Uint8Array(Buffer.concat([STYP, e.body])) })),
  ],
  ["sequence-number", "stands still", change(LOW, part(10), patchAfter("mfhd", 4, [0, 0, 0, 1]))],
  ["tfdt", "a gap", change(LOW, part(10), patchAfter("tfdt", 8, [0, 0, 4, 0]))],
  ["tfdt", "a gap between segments", change(ECONOMY, segment(5), patchAfter("tfdt", 8, [0, 0, 4, 0]))],
  ["tfdt-date", "another day", edit(LOW, every, /T20:00:2/g, "T20:01:2")],
  [
    "duration",
    "another number of samples",
    edit(ECONOMY, every, "EXTINF:3.840,\n1005.m4s", "EXTINF:3.860,\n1005.m4s"),
  ],
  ["duration", "a part's", edit(LOW, every, "DURATION=0.384", "DURATION=0.383")],
  ["segment-bytes", "one byte", change(LOW, segment(5), (e) => ({ ...e, body: e.body.with(-1, 255) }))],
];

test.each(FAULTS)("the rule %s reports: %s", (rule, _, capture) => {
  const findings = validateCapture(typeof capture === "function" ? capture() : capture);
  expect(new Set(findings.map((finding) => finding.rule))).toContain(rule);
});

test("the validator shares no code with what it judges", () => {
  const room = new URL("../validator/", import.meta.url);
  const files = readdirSync(room);
  expect(files).toContain("validate.ts");
  for (const file of files) {
    const imports = [...readFileSync(new URL(file, room), "utf8").matchAll(/from "(.*)"/g)].map(
      (match) => match[1],
    );
    for (const name of imports) expect(name).toMatch(/^(\.\/[a-z]+\.ts|hls-parser)$/);
  }
});

test("every rule has a fault", () => {
  expect(new Set(FAULTS.map(([rule]) => rule))).toEqual(new Set(Object.keys(RULES)));
});

type Which = (exchange: Exchange, index: number, capture: Capture) => boolean;
type Change = (exchange: Exchange) => Exchange;

function isList({ url }: Exchange): boolean {
  return /\/a\/(index|rewind)\.m3u8/.test(url);
}

function isPart({ url }: Exchange): boolean {
  return /\d+\.\d+\.m4s$/.test(url);
}

function isSegment({ url }: Exchange): boolean {
  return /\/\d+\.m4s$/.test(url);
}

function nth(kind: (exchange: Exchange) => boolean, n: number): Which {
  return (exchange, _, capture) => capture.filter(kind).at(n) === exchange;
}

function list(n: number): Which {
  return nth(isList, n);
}

function part(n: number): Which {
  return nth(isPart, n);
}

function segment(n: number): Which {
  return nth(isSegment, n);
}

/** The nth part that opens a segment. */
function openingPart(n: number): Which {
  return nth(({ url }) => url.endsWith(".0.m4s"), n);
}

function multivariant({ url }: Exchange): boolean {
  return url.endsWith("show/index.m3u8");
}

function init({ url }: Exchange): boolean {
  return url.endsWith("init.mp4");
}

function last(exchange: Exchange): boolean {
  return isList(exchange) && text(exchange).includes("#EXT-X-ENDLIST");
}

function every(exchange: Exchange): boolean {
  return isList(exchange);
}

function delta(exchange: Exchange): boolean {
  return isList(exchange) && text(exchange).includes("#EXT-X-SKIP");
}

function text({ body }: Exchange): string {
  return new TextDecoder().decode(body);
}

function texts(capture: Capture): string[] {
  return capture.filter(isList).map(text);
}

/** Returns the capture with one change; throws where nothing was changed, for that is a mistake in this table. */
function change(capture: Capture, which: Which, how: Change): () => Capture {
  return () => {
    const changed = capture.map((exchange, n) => (which(exchange, n, capture) ? how(exchange) : exchange));
    if (changed.every((exchange, n) => same(exchange, capture[n]))) throw new Error("nothing was changed");
    return changed;
  };
}

function same(a: Exchange, b: Exchange | undefined): boolean {
  return a === b || (b !== undefined && JSON.stringify(a) === JSON.stringify(b));
}

function edit(
  capture: Capture,
  which: Which,
  find: string | RegExp,
  put: string | ((match: string, ...groups: string[]) => string),
): () => Capture {
  return change(capture, which, (exchange) => {
    const edited = text(exchange).replace(find, put as string);
    return { ...exchange, body: new TextEncoder().encode(edited) };
  });
}

function header(name: string, value: string): Change {
  return (exchange) => ({ ...exchange, headers: { ...exchange.headers, [name]: value } });
}

function patch(offset: number, byte: number): Change {
  return (exchange) => ({ ...exchange, body: exchange.body.with(offset, byte) });
}

/** Overwrites bytes from `offset` after the first occurrence of `mark` (a fourcc, for example). */
function patchAfter(mark: string, offset: number, bytes: readonly number[]): Change {
  return (exchange) => {
    const start = Buffer.from(exchange.body).indexOf(Buffer.from(mark, "latin1"));
    if (start < 0) throw new Error(`no ${mark}`);
    const body = exchange.body.slice();
    body.set(bytes, start + mark.length + offset);
    return { ...exchange, body };
  };
}

function rename(from: string, to: string): Change {
  return patchAfter(from, -from.length, [...Buffer.from(to, "latin1")]);
}

/** Makes everything from the nth list on come `millis` later. */
function delayed(capture: Capture, n: number, millis: number): Capture {
  const from = capture.indexOf(capture.filter(isList)[n] as Exchange);
  return capture.map((exchange, index) =>
    index < from ? exchange : { ...exchange, at: exchange.at + millis },
  );
}
