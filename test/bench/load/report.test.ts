import { describe, expect, test } from "vitest";
import { Histogram } from "../../../bench/load/histogram.ts";
import { Objects } from "../../../bench/load/objects.ts";
import { allot, readOptions } from "../../../bench/load/options.ts";
import { complaints, perObject, type Report, toJson, toText } from "../../../bench/load/report.ts";
import { spread } from "../../../bench/load/spread.ts";
import { Misuse } from "../../../bench/misuse.ts";
import { constantsOf } from "../../../bench/scale/constants.ts";

/** The load tool's report, and the complaints in it. */

const CLEAN: Report = {
  machine: "2 x Test, Node v26",
  relay: "its own",
  isolates: 1,
  listeners: 50,
  mix: { balanced: 50 },
  rampSeconds: 5,
  durationSeconds: 10,
  seconds: 15,
  listenerSeconds: 600,
  joined: 50,
  failedJoins: 0,
  givenUp: 0,
  stalls: 0,
  stalledFor: 0,
  leftAtOnce: 0,
  latency: { p50: 2_400, p95: 2_900, p99: 3_100, max: 3_200 },
  delivery: null,
  requests: 2_306,
  requestsPerSecond: 160.6,
  bytes: 11_100_000,
  failures: {},
  originFetches: {
    lasting: { part: { fetches: 26, objects: 26 }, "blocking list": { fetches: 24, objects: 24 } },
    brief: { "plain list": 3, multivariant: 6 },
  },
  originReadsPerSecond: 3.83,
  broadcastPerSecond: 3.91,
  audiencePerSecond: 0.13,
  relayCpu: { perListenerSecond: 1.11, perRequest: 0.299, idle: 100, share: 0.14 },
  generatorCpu: 0.9,
  othersCpu: 0.07,
  generatorLag: null,
};

describe("the report", () => {
  test("of a clean run has no complaints", () => {
    expect(complaints(CLEAN)).toEqual([]);
    expect(toText(CLEAN)).toMatchInlineSnapshot(`
      "machine                 2 x Test, Node v26
      relay                   its own, 1 isolate of the edge
      listeners               50 (50 balanced), joining over 5 s, then 10 s
      joined                  50, failed joins 0, gave up 0
      stalls                  0 (0.0 s)
      left in one instant     0
      behind live             p50 2400  p95 2900  p99 3100  max 3200 ms
      part due to part here   nothing measured
      requests                2306, 161 a second, 11.1 MB
      failed requests         none
      origin reads            3.83 a second
        of each part          1.00 by an isolate (26 fetches, 26 objects)
        of each blocking list 1.00 by an isolate (24 fetches, 24 objects)
        of all that last      1.00 by an isolate (50 fetches, 50 objects)
        plain list            0.20 a second by an isolate (3 fetches)
        multivariant          0.40 a second by an isolate (6 fetches)
      Broadcast               3.91 requests a second
      Audience                0.13 requests a second
      relay's CPU             1.11 ms per listener-second, 299 us per request; 14 % of a core (10.0 % without listeners)
      generator's CPU         0.90 ms per listener-second
      generator's lag         nothing measured
      all else here           7 % of the machine

      Every listener joined, and none stalled."
    `);
  });

  test.each<[Partial<Report>, RegExp]>([
    [{ broadcastPerSecond: null }, /^Broadcast +not known/m],
    [{ audiencePerSecond: null }, /^Audience +not known/m],
    [{ audiencePerSecond: "stub" }, /^Audience +not measured: .* stub/m],
  ])("states for %j that there is no figure", (over, line) => {
    expect(toText({ ...CLEAN, ...over })).toMatch(line);
  });

  test.each<[Partial<Report>, string]>([
    [{ failedJoins: 2 }, "2 listeners could not join."],
    [{ givenUp: 1 }, "1 listeners gave up."],
    [{ stalls: 3, stalledFor: 1_260 }, "There were 3 stalls, 1.3 s in all."],
    [
      { originFetches: { lasting: { part: { fetches: 52, objects: 50 } }, brief: {} } },
      "Each part was fetched 1.04 times by an isolate (at most 1.02).",
    ],
    [
      {
        originFetches: {
          lasting: { part: { fetches: 900, objects: 1_000 }, init: { fetches: 2, objects: 1 } },
          brief: {},
        },
      },
      "Each init was fetched 2.00 times by an isolate (at most 1.02).",
    ],
  ])("complains of %j", (over, sentence) => {
    expect(complaints({ ...CLEAN, ...over })).toEqual([sentence]);
    expect(
      toText({ ...CLEAN, ...over })
        .split("\n")
        .at(-1),
    ).toBe(sentence);
  });
});

describe("for another project's server", () => {
  const PEER: Report = {
    ...CLEAN,
    relay: "http://127.0.0.1:8888/show/index.m3u8",
    isolates: null,
    mix: { peer: 50 },
    originFetches: null,
    originReadsPerSecond: null,
    broadcastPerSecond: null,
    audiencePerSecond: null,
  };

  test("the report states what listeners got, and nothing about an origin", () => {
    expect(toText(PEER)).toMatch(/^part due to part here /m);
    expect(toText(PEER)).not.toMatch(/origin|Broadcast|Audience/);
    expect(complaints({ ...PEER, stalls: 1, stalledFor: 100 })).toEqual([
      "There were 1 stalls, 0.1 s in all.",
    ]);
  });

  test("the simulation takes no constants from it", () => {
    expect(JSON.parse(toJson(PEER)).constants).toEqual({});
  });
});

describe("fetches per object", () => {
  test("raise no complaint up to the bound, nor where the number of isolates is unknown, nor for what is kept briefly", () => {
    const part = (fetches: number) => ({ lasting: { part: { fetches, objects: 50 } }, brief: {} });
    expect(complaints({ ...CLEAN, originFetches: part(51) })).toEqual([]);
    expect(complaints({ ...CLEAN, isolates: null, originFetches: part(200) })).toEqual([]);
    expect(complaints({ ...CLEAN, originFetches: { lasting: {}, brief: { "plain list": 999 } } })).toEqual(
      [],
    );
  });

  test("are of all isolates together where the number of isolates is unknown", () => {
    const text = toText({ ...CLEAN, isolates: null });
    expect(text).toMatch(/^relay +its own, not known how many isolates of the edge$/m);
    expect(text).toMatch(/^ {2}of each part +1\.00 by all isolates /m);
  });

  test("of what is kept briefly are given a second, for each isolate and show", () => {
    const text = toText({ ...CLEAN, isolates: 2, mix: { low: 25, balanced: 25 } });
    expect(text).toMatch(/^ {2}multivariant +0\.10 a second by an isolate \(6 fetches\)$/m);
  });
});

describe("the constants that the simulation takes from a report", () => {
  test("are CPU per request and requests per listener, under the simulation's names", () => {
    const { constants } = JSON.parse(toJson(CLEAN));
    expect(constants).toEqual({ edgeCpuMs: 0.299, balancedRequests: 160.6 / 50 });
    const report = JSON.parse(toJson(CLEAN));
    const simulated = constantsOf([{ file: "load.json", report }]);
    expect(simulated.edgeCpuMs).toMatchObject({
      value: 0.299,
      basis: "measured",
      source: "load.json, on 2 x Test, Node v26",
    });
    expect(simulated.balancedRequests).toMatchObject({ value: 160.6 / 50, basis: "measured" });
    expect(simulated.lowRequests.basis).toBe("ASSUMED");
  });

  test.each<[Partial<Report>, object]>([
    [{ mix: { low: 10, balanced: 40 } }, { edgeCpuMs: 0.299 }],
    [{ leftAtOnce: 10 }, { edgeCpuMs: 0.299 }],
    [{ relayCpu: null, mix: { low: 50 } }, { lowRequests: 160.6 / 50 }],
  ])("leave out what %j leaves unknown", (over, constants) => {
    expect(JSON.parse(toJson({ ...CLEAN, ...over })).constants).toEqual(constants);
  });
});

describe("percentiles", () => {
  test("are of all values that were added", () => {
    const histogram = new Histogram();
    for (let n = 1; n <= 1_000; n++) histogram.add(n);
    expect(histogram.read()).toEqual({ p50: 500, p95: 950, p99: 990, max: 1_000 });
  });

  test("of nothing do not exist; values outside the scale count as its ends", () => {
    expect(new Histogram().read()).toBeNull();
    const histogram = new Histogram();
    histogram.add(-5);
    histogram.add(1e9);
    expect(histogram.read()).toEqual({ p50: 0, p95: 60_000, p99: 60_000, max: 60_000 });
  });
});

describe("objects", () => {
  test("with a long lifetime count once for each isolate, however often they are asked for", () => {
    const objects = new Objects();
    for (const isolate of ["http://127.0.0.1:1", "http://127.0.0.1:2"]) {
      for (let n = 0; n < 3; n++) {
        objects.ask(`${isolate}/live/x/index.m3u8`);
        objects.ask(`${isolate}/live/x/e/audio.m3u8`);
        objects.ask(`${isolate}/live/x/e/audio.m3u8?_HLS_msn=3&_HLS_part=1`);
        objects.ask(`${isolate}/live/x/e/p3.1.m4s`);
      }
    }
    objects.ask("http://127.0.0.1:1/live/x/e/s2.m4s");
    const byKind = { multivariant: 4, playlist: 7, part: 2, status: 2 };
    expect(objects.against(byKind, 4)).toEqual({
      lasting: {
        "blocking list": { fetches: 3, objects: 2 },
        part: { fetches: 2, objects: 2 },
        segment: { fetches: 0, objects: 1 },
      },
      brief: { "plain list": 4, multivariant: 4, status: 2 },
    });
    // Where the kinds of lists are not distinguished, none of them counts as lasting.
    expect(objects.against(byKind, null)).toMatchObject({
      lasting: { part: { fetches: 2, objects: 2 } },
      brief: { "list of any kind": 7, multivariant: 4, status: 2 },
    });
    expect(perObject({ fetches: 6, objects: 3 })).toBe("2.00");
    expect(perObject({ fetches: 2, objects: 0 })).toBe("-");
  });
});

describe("joining", () => {
  test("mixes the shows evenly, and gives each isolate its share of each show", () => {
    const groups = [
      { count: 6, playbackUrl: "http://relay/live/a/index.m3u8" },
      { count: 2, playbackUrl: "http://relay/live/b/index.m3u8" },
    ];
    const urls = spread(groups, ["http://127.0.0.1:1", "http://127.0.0.1:2"]);
    expect(urls.map((url) => url.split("/")[4]).join("")).toBe("aabaaaba");
    const counts = Object.groupBy(urls, (url) => url);
    expect(Object.fromEntries(Object.entries(counts).map(([url, all]) => [url, all?.length]))).toEqual({
      "http://127.0.0.1:1/live/a/index.m3u8": 3,
      "http://127.0.0.1:2/live/a/index.m3u8": 3,
      "http://127.0.0.1:1/live/b/index.m3u8": 1,
      "http://127.0.0.1:2/live/b/index.m3u8": 1,
    });
  });
});

describe("options", () => {
  test("give every listener of the mix a profile", () => {
    expect(allot(100, { low: 1, balanced: 8, economy: 1 })).toEqual([
      ["low", 10],
      ["balanced", 80],
      ["economy", 10],
    ]);
    expect(allot(7, { low: 1, balanced: 1 })).toEqual([
      ["low", 4],
      ["balanced", 3],
    ]);
    expect(allot(1, { low: 1, balanced: 5 })).toEqual([["low", 1]]);
  });

  test.each(["http://localhost:8787", "http://127.0.0.1:1", "http://127.9.0.1", "http://[::1]:8787/"])(
    "accept %s as this machine",
    (target) =>
      expect(readOptions(["--target", target])).toMatchObject({ target: target.replace(/\/$/, "") }),
  );

  test.each([
    "https://earshot.example",
    "http://127.0.0.1.example",
    "http://localhost.example",
    "http://10.0.0.1",
  ])("accept %s only with the owner's consent", (target) => {
    expect(() => readOptions(["--target", target])).toThrow(Misuse);
    expect(readOptions(["--target", target, "--i-own-this-host"])).toMatchObject({ target });
  });

  test.each([
    ["--listeners", "0"],
    ["--listeners", "many"],
    ["--listeners", "20001"],
    ["--duration", ""],
    ["--exit-spike", "2"],
    ["--mix", "loud=1"],
    ["--mix", "low=0"],
    ["--target", "here"],
    ["--nonsense", "1"],
    ["--isolates", "2", "--target", "http://localhost:8787"],
    ["--peer", "here"],
    ["--peer", "http://10.0.0.1/show/index.m3u8"],
    ["--peer", "http://localhost/index.m3u8", "--target", "http://localhost:8787"],
    ["--peer", "http://localhost/index.m3u8", "--mix", "low=1"],
    ["--peer-pid", "77"],
  ])("refuse %s %j", (...args) => expect(() => readOptions(args)).toThrow(Misuse));
});
