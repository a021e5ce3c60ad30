import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalPath,
  epochOf,
  ingestUrl,
  names,
  namesFromOutside,
  parseListen,
  parseUpstream,
  playlistUri,
  type Target,
  timeOf,
  urlsOf,
  whipSessionPath,
  withListener,
} from "../src/paths.ts";
import { PROBLEMS } from "../src/problem.ts";
import { parseRange, rangePath } from "../src/recording-range.ts";

/** Every URL is read back as the value that it was built from. */

const ID = "town-hall-8802xv";
const EPOCH = "mwq4yx3z";

const read = (path: string) => parseListen(new URL(path, "https://relay.example"));

const id = fc.stringMatching(/^[a-z0-9]{1,10}(-[a-z0-9]{1,6}){0,3}$/);
const epoch = fc.stringMatching(/^[0-9a-z]{8}$/);
const msn = fc.nat({ max: 9_999_999_999 });
const index = fc.nat({ max: 999 });
const target: fc.Arbitrary<Target> = fc.oneof(
  fc.record(
    {
      kind: fc.constant("multivariant" as const),
      id,
      dvr: fc.constant("1" as const),
      from: fc.constant("open" as const),
      lifeboat: fc.constant("1" as const),
    },
    { requiredKeys: ["kind", "id"] },
  ),
  fc.record({
    kind: fc.constant("rewind" as const),
    id,
    epoch,
    from: fc.constantFrom("live" as const, "open" as const),
    directives: fc.oneof(fc.constant({}), fc.record({ msn: fc.nat(), skip: fc.constant(true as const) })),
  }),
  fc.record({ kind: fc.constant("status" as const), id, waits: fc.boolean() }),
  fc.record({ kind: fc.constant("init" as const), id, epoch }),
  fc.record({ kind: fc.constant("segment" as const), id, epoch, msn }),
  fc.record({ kind: fc.constant("part" as const), id, epoch, msn, index }),
  fc.record({
    kind: fc.constant("playlist" as const),
    id,
    epoch,
    directives: fc.oneof(
      fc.constant({}),
      fc.record({ msn: fc.nat(), part: index, skip: fc.constant(true as const) }, { requiredKeys: ["msn"] }),
      fc.constant({ skip: true as const }),
    ),
  }),
);

test("a listener's id is added to the URI of the relay's own playlist, and not to that of the copy's", () => {
  const copy = `https://copy.example.org/${ID}/${EPOCH}/lifeboat.m3u8`;
  const text = (uri: string) =>
    `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${uri}\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${copy}\n`;
  expect(withListener(text(playlistUri(EPOCH, null)), "abc")).toBe(text(`${playlistUri(EPOCH, null)}?l=abc`));
});

test("a stretch of a recording reads back as it was built, and is not a listener's URL", () => {
  const stretch = { id: ID, etag: "0123456789abcdef0123456789abcdef", first: 0, last: 4_294_967_296 };
  const path = rangePath(stretch);
  expect(parseRange(path)).toEqual(stretch);
  expect(read(path)).toBe(PROBLEMS.notFound);
  for (const other of [`${path}000000000`, path.replace("0123", "xyz0"), `/live/${ID}/recording.m4a`])
    expect(parseRange(other), other).toBeNull();
});

test("the edge's own request for a show's live edge reads back as it was built, and is not a listener's URL", () => {
  const target = { kind: "multivariant", id: ID, opens: false } as const;
  const path = canonicalPath(target);
  expect(parseUpstream(new URL(path, "https://origin"))).toEqual(target);
  expect(read(path)).toBe(PROBLEMS.notFound);
  const listeners = `/live/${ID}/index.m3u8?opens=false`;
  expect(parseUpstream(new URL(listeners, "https://origin"))).toEqual({ kind: "multivariant", id: ID });
});

describe("a listener's URL", () => {
  test.each<[string, Target]>([
    [`/live/${ID}/index.m3u8`, { kind: "multivariant", id: ID }],
    [`/live/${ID}/index.m3u8?lifeboat=1`, { kind: "multivariant", id: ID, lifeboat: "1" }],
    [
      `/live/${ID}/index.m3u8?dvr=1&from=open&lifeboat=1`,
      { kind: "multivariant", id: ID, dvr: "1", from: "open", lifeboat: "1" },
    ],
    [`/live/${ID}/index.m3u8?dvr=1`, { kind: "multivariant", id: ID, dvr: "1" }],
    [`/live/${ID}/index.m3u8?dvr=1&from=open`, { kind: "multivariant", id: ID, dvr: "1", from: "open" }],
    [
      `/live/${ID}/${EPOCH}/rewind.m3u8?_HLS_msn=9&_HLS_skip=YES`,
      { kind: "rewind", id: ID, epoch: EPOCH, from: "live", directives: { msn: 9, skip: true } },
    ],
    [
      `/live/${ID}/${EPOCH}/rewind-open.m3u8`,
      { kind: "rewind", id: ID, epoch: EPOCH, from: "open", directives: {} },
    ],
    [`/live/${ID}/status.json`, { kind: "status", id: ID, waits: false }],
    [`/live/${ID}/events.json`, { kind: "events", id: ID }],
    [`/live/${ID}/recording.m4a`, { kind: "recording", id: ID }],
    [`/live/${ID}/chapters.vtt`, { kind: "chapters", id: ID, format: "vtt" }],
    [`/live/${ID}/chapters.json`, { kind: "chapters", id: ID, format: "json" }],
    [`/live/${ID}/status.json?wait=open`, { kind: "status", id: ID, waits: true }],
    [`/live/${ID}/${EPOCH}/audio.m3u8`, { kind: "playlist", id: ID, epoch: EPOCH, directives: {} }],
    [
      `/live/${ID}/${EPOCH}/audio.m3u8?_HLS_msn=12&_HLS_part=3`,
      { kind: "playlist", id: ID, epoch: EPOCH, directives: { msn: 12, part: 3 } },
    ],
    [
      `/live/${ID}/${EPOCH}/audio.m3u8?_HLS_msn=0&_HLS_skip=YES`,
      { kind: "playlist", id: ID, epoch: EPOCH, directives: { msn: 0, skip: true } },
    ],
    [`/live/${ID}/${EPOCH}/init.mp4`, { kind: "init", id: ID, epoch: EPOCH }],
    [`/live/${ID}/${EPOCH}/s0.m4s`, { kind: "segment", id: ID, epoch: EPOCH, msn: 0 }],
    [`/live/${ID}/${EPOCH}/s1234567890.m4s`, { kind: "segment", id: ID, epoch: EPOCH, msn: 1234567890 }],
    [`/live/${ID}/${EPOCH}/p12.0.m4s`, { kind: "part", id: ID, epoch: EPOCH, msn: 12, index: 0 }],
    [`/live/${ID}/${EPOCH}/p0.59.m4s`, { kind: "part", id: ID, epoch: EPOCH, msn: 0, index: 59 }],
  ])("%s", (path, expected) => {
    expect(read(path)).toEqual(expected);
    expect(canonicalPath(expected)).toBe(path);
  });

  test("built from any target reads back as that target", () => {
    fc.assert(
      fc.property(target, (wanted) => {
        expect(read(canonicalPath(wanted))).toEqual(wanted);
      }),
      { numRuns: 2_000 },
    );
  });

  test("keeps its canonical form, whatever query parameters and fragment the listener appends", () => {
    const junk = fc.dictionary(fc.stringMatching(/^[a-zA-Z]\w{0,8}$/), fc.string(), { maxKeys: 4 });
    fc.assert(
      fc.property(target, junk, (wanted, query) => {
        const url = new URL(canonicalPath(wanted), "https://relay.example");
        for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
        url.hash = "x";
        const got = parseListen(url);
        expect(got).toEqual(wanted);
        expect(canonicalPath(got as Target)).toBe(canonicalPath(wanted));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    "/",
    "/live",
    "/live/",
    `/live/${ID}`,
    `/live/${ID}/`,
    `/live/${ID}/index.m3u8/`,
    `/live/${ID}//index.m3u8`,
    `//live/${ID}/index.m3u8`,
    `/LIVE/${ID}/index.m3u8`,
    `/live/${ID}/events.jsonx`,
    `/live/${ID}/events`,
    `/live/${ID.toUpperCase()}/index.m3u8`,
    `/live/${ID}/INDEX.M3U8`,
    `/live/${ID}/index.m3u8%20`,
    `/live/${ID}/index%2Em3u8`,
    `/live/${ID}%2Findex.m3u8`,
    `/live/${ID}/%2e%2e/index.m3u8x`,
    `/live/${ID}_/index.m3u8`,
    `/live/${"a".repeat(65)}/index.m3u8`,
    `/live/${ID}/${EPOCH}`,
    `/live/${ID}/${EPOCH}/`,
    `/live/${ID}/${EPOCH}/index.m3u8`,
    `/live/${ID}/${EPOCH}/AUDIO.m3u8`,
    `/live/${ID}/${EPOCH.toUpperCase()}/audio.m3u8`,
    `/live/${ID}/short/audio.m3u8`,
    `/live/${ID}/muchtoolonganepoch/audio.m3u8`,
    `/live/${ID}/${EPOCH}/audioxm3u8`,
    `/live/${ID}/${EPOCH}/s-1.m4s`,
    `/live/${ID}/${EPOCH}/s01.m4s`,
    `/live/${ID}/${EPOCH}/s+1.m4s`,
    `/live/${ID}/${EPOCH}/s1e3.m4s`,
    `/live/${ID}/${EPOCH}/s12345678901.m4s`,
    `/live/${ID}/${EPOCH}/s.m4s`,
    `/live/${ID}/${EPOCH}/p1.m4s`,
    `/live/${ID}/${EPOCH}/p1.00.m4s`,
    `/live/${ID}/${EPOCH}/p1.1000.m4s`,
    `/live/${ID}/${EPOCH}/p1.2.3.m4s`,
    `/live/${ID}/${EPOCH}/s1.m4s%0a`,
    `/live/${ID}/${EPOCH}/s\u0661.m4s`,
  ])("%s is not found", (path) => expect(read(path)).toEqual(PROBLEMS.notFound));
});

describe("directives (RFC 8216bis section 6.2.5)", () => {
  const playlist = (query: string) => read(`/live/${ID}/${EPOCH}/audio.m3u8?${query}`);

  test.each([
    "_HLS_part=0",
    "_HLS_part=0&_HLS_skip=YES",
    "_HLS_msn=",
    "_HLS_msn=-1",
    "_HLS_msn=%2B1",
    "_HLS_msn=1.0",
    "_HLS_msn=1e3",
    "_HLS_msn=0x10",
    "_HLS_msn=%201",
    "_HLS_msn=1%20",
    "_HLS_msn=1%00",
    "_HLS_msn=NaN",
    "_HLS_msn=Infinity",
    "_HLS_msn=9007199254740993",
    `_HLS_msn=${"9".repeat(400)}`,
    "_HLS_msn=%D9%A1",
    "_HLS_msn=1&_HLS_part=",
    "_HLS_msn=1&_HLS_part=-1",
    "_HLS_msn=1&_HLS_part=x",
    "_HLS_msn=1&_HLS_part=1.5",
  ])("%s is refused", (query) => {
    const got = playlist(query);
    expect(got).toMatchObject({ kind: "problem", status: 400, code: "bad_directive" });
    expect((got as { message: string }).message).toMatch(/_HLS_(msn|part)/);
  });

  test.each([
    ["_hls_msn=1", {}],
    ["_HLS_MSN=x", {}],
    ["_HLS_skip=NO", {}],
    ["_HLS_skip=yes", {}],
    ["_HLS_skip=v2", { skip: true }],
    ["_HLS_push=1", {}],
    ["_HLS_msn=007&_HLS_part=01", { msn: 7, part: 1 }],
    ["_HLS_part=2&_HLS_msn=1", { msn: 1, part: 2 }],
    ["_HLS_msn=999999999999999", { msn: 999_999_999_999_999 }],
  ])("%s is read, or ignored", (query, directives) => {
    expect(playlist(query)).toEqual({ kind: "playlist", id: ID, epoch: EPOCH, directives });
  });

  test("that come twice make no second cache key: the first one counts", () => {
    const got = playlist("_HLS_msn=1&_HLS_msn=2");
    expect(canonicalPath(got as Target)).toBe(`/live/${ID}/${EPOCH}/audio.m3u8?_HLS_msn=1`);
  });

  test("and unknown values or another order of parameters make no second cache key", () => {
    for (const [query, canonical] of [
      ["from=open&x=1&dvr=1&l=abc", "?dvr=1&from=open"],
      ["dvr=yes&from=live&from=open", ""],
      ["DVR=1&from=OPEN", ""],
      ["dvr=1&dvr=0", "?dvr=1"],
    ] as const)
      expect(canonicalPath(read(`/live/${ID}/index.m3u8?${query}`) as Target)).toBe(
        `/live/${ID}/index.m3u8${canonical}`,
      );
  });

  test("are ignored on everything but a media playlist, even when they are malformed", () => {
    for (const path of [`index.m3u8`, `status.json`, `${EPOCH}/init.mp4`, `${EPOCH}/s1.m4s`]) {
      expect(read(`/live/${ID}/${path}?_HLS_part=x`).kind).not.toBe("problem");
    }
  });
});

test("a listener's id is added to the media playlist's URI in a multivariant playlist, and to nothing else", () => {
  for (const rewinds of [null, "live", "open"] as const) {
    const uri = playlistUri(EPOCH, rewinds);
    expect(withListener(`#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${uri}\n`, "abc")).toBe(
      `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${uri}?l=abc\n`,
    );
  }
  const other = "https://copy.example/x/audio.m3u8\n";
  expect(withListener(other, "abc")).toBe(other);
});

test("the relative names in a playlist resolve to URLs that the relay reads", () => {
  const multivariant = new URL(`https://relay.example/live/${ID}/index.m3u8`);
  const playlist = new URL(playlistUri(EPOCH, null), multivariant);
  expect(parseListen(playlist)).toMatchObject({ kind: "playlist", epoch: EPOCH });
  for (const from of ["live", "open"] as const)
    expect(parseListen(new URL(playlistUri(EPOCH, from), multivariant))).toMatchObject({
      kind: "rewind",
      from,
    });
  const outside = namesFromOutside("mwq4aaaa");
  const former = { epoch: "mwq4aaaa" };
  expect(parseListen(new URL(outside.init, playlist))).toMatchObject({ kind: "init", ...former });
  expect(parseListen(new URL(outside.segment(7), playlist))).toMatchObject({
    kind: "segment",
    msn: 7,
    ...former,
  });
  expect(parseListen(new URL(names.init, playlist))).toMatchObject({ kind: "init" });
  expect(parseListen(new URL(names.segment(7), playlist))).toMatchObject({ kind: "segment", msn: 7 });
  expect(parseListen(new URL(names.part(7, 4), playlist))).toMatchObject({ kind: "part", msn: 7, index: 4 });
});

describe("epochs", () => {
  test("are made from the wall clock, fit into a URL, and sort by time", () => {
    const millis = fc.integer({ min: 0, max: Date.UTC(2059, 0) });
    fc.assert(
      fc.property(millis, millis, (a, b) => {
        expect(epochOf(a)).toMatch(/^[0-9a-z]{8}$/);
        expect(timeOf(epochOf(a))).toBe(a);
        expect(epochOf(a) < epochOf(b)).toBe(a < b);
      }),
    );
  });
});

test("URLs for hosts and operators are absolute, and the host key is in the fragment, which no server logs", () => {
  const urls = urlsOf("https://relay.example", ID, "KEY");
  expect(urls).toEqual({
    whipUrl: `https://relay.example/whip/${ID}`,
    hostKey: "KEY",
    playbackUrl: `https://relay.example/live/${ID}/index.m3u8`,
    listenUrl: `https://relay.example/listen/${ID}`,
    studioUrl: `https://relay.example/studio/${ID}#key=KEY`,
    statusUrl: `https://relay.example/live/${ID}/status.json`,
  });
  expect(whipSessionPath(ID, "name")).toBe(`/whip/${ID}/name`);
});

test("the SFU dials ws: where the host came by http:, and wss: where the host came by https:", () => {
  expect(ingestUrl("http://localhost:8787", ID, "s", 2, "t")).toBe(`ws://localhost:8787/ingest/${ID}/s/2/t`);
  expect(ingestUrl("https://relay.example", ID, "s", 2, "t")).toBe(`wss://relay.example/ingest/${ID}/s/2/t`);
});
