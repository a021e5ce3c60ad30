import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { toJson } from "../../bench/edge/report.ts";
import { countingOf, PRICES, totalOf } from "../../bench/scale/bill.ts";
import { type Constants, constantsOf, type Measured, type Name } from "../../bench/scale/constants.ts";
import { countError } from "../../bench/scale/count.ts";
import { Dice } from "../../bench/scale/dice.ts";
import { Flow } from "../../bench/scale/flow.ts";
import { geographyOf } from "../../bench/scale/geography.ts";
import { copyOf } from "../../bench/scale/lifeboat.ts";
import { picture } from "../../bench/scale/picture.ts";
import { copyTable, failoverLines, pageLine, premises, short, table } from "../../bench/scale/report.ts";
import { runOf } from "../../bench/scale/run.ts";
import { loadOf } from "../../bench/scale/shard.ts";
import { joined, playShow, untiered } from "../../bench/scale/show.ts";
import type { Latency } from "../../src/media.ts";

/** The simulation adds up: each tier's misses are the next tier's requests, and the bill is their prices. */

const CONSTANTS = constantsOf([]);
const PROFILES: readonly Latency[] = ["low", "balanced", "economy"];

function having(values: Partial<Record<Name, number>>): Constants {
  return constantsOf([{ file: "test", report: { constants: values } }]);
}

/** The constants without our page, which asks for the show's status. */
function playersOnly(constants: Constants): Constants {
  return { ...constants, pageShare: { ...constants.pageShare, value: 0 } };
}

describe("a simulated show", () => {
  test.each(PROFILES)(
    "%s: requests are hits and misses, and a tier's misses are the next tier's requests",
    (latency) => {
      for (const listeners of [1, 900, 40_000]) {
        for (const seed of [1, 2]) {
          const show = playShow(listeners, latency, CONSTANTS, seed);
          for (const { edge, lower, upper, origin } of [show, show.status]) {
            for (const flow of [edge, lower, upper, origin]) {
              expect(flow.hits + flow.misses).toBe(flow.requests);
              expect(flow.seconds.reduce((sum, count) => sum + count)).toBe(flow.requests);
            }
            expect(lower.requests).toBe(edge.misses);
            expect(upper.requests).toBe(lower.misses);
            expect(origin.requests).toBe(upper.misses);
          }
          expect(show.present.at(-1)).toBe(listeners);
        }
      }
    },
  );

  test("is the same for the same seed, and differs for another", () => {
    const [a, b, c] = [1, 1, 2].map((seed) => playShow(5_000, "low", CONSTANTS, seed));
    expect(b).toEqual(a);
    expect(c?.lower.requests).not.toBe(a?.lower.requests);
  });

  test.each(PROFILES)(
    "%s: more listeners make more requests; once all of the world's isolates run, the origin gets no more",
    (latency) => {
      const shows = [1e3, 1e4, 1e5, 1e6].map((listeners) => playShow(listeners, latency, CONSTANTS, 1));
      for (const [i, show] of shows.entries()) {
        const before = shows[i - 1];
        if (before === undefined) continue;
        expect(show.edge.requests).toBeGreaterThan(before.edge.requests);
        expect(show.isolates).toBeGreaterThanOrEqual(before.isolates);
        expect(show.lower.requests).toBeGreaterThanOrEqual(before.lower.requests);
      }
      const [, small, , large] = shows;
      expect(large?.origin.rate(120)).toBeLessThan(1.05 * (small?.origin.rate(120) ?? 0));
    },
  );

  test("one listener alone asks the origin once for each object; the expected numbers are computed by hand", () => {
    // 30 s, of which two are for joining. A part every 0.64 s is 46.875 parts in 30 s.
    const constants = playersOnly(
      having({ surgeSeconds: 2, steadySeconds: 28, balancedRequests: 3.125, dataCentres: 1 }),
    );
    const { edge, origin, births } = playShow(1, "balanced", constants, 5);
    const joinedAt = births[0] ?? Number.NaN;
    const published = Math.floor(30 / 0.64) - Math.floor((joinedAt + 1) / 0.64);
    // Multivariant playlist, list, init and three parts of hold-back; then a list and a part for each new part.
    expect(edge.requests).toBe(6 + 2 * published);
    expect(origin.requests).toBe(6 + 2 * published);
  });

  test("in steady state each upper tier asks for each list and part, and for nothing else", () => {
    const constants = playersOnly(having({ upperTiers: 5 }));
    expect(playShow(100_000, "balanced", constants, 1).origin.rate(64)).toBeCloseTo((5 * 2) / 0.64, 6);
    expect(playShow(100_000, "low", constants, 1).origin.rate(96)).toBeCloseTo((5 * 2) / 0.384, 6);
  });

  test("our page asks for the status once a minute, on iPhones every 5 s, and each tier asks for it once a second", () => {
    const [all, some, halves] = [
      { upperTiers: 5 },
      { upperTiers: 5, pageShare: 0.25 },
      { upperTiers: 5, nativeShare: 0.5 },
    ].map((values) => playShow(100_000, "balanced", having(values), 1));
    const players = playShow(100_000, "balanced", playersOnly(having({ upperTiers: 5 })), 1);
    // By hand: 60,000 once in 60 s and 40,000 once in 5 s; with a quarter of the pages, a quarter; with halves, 50,000 each.
    for (const [show, polls] of [
      [all, 1_000 + 8_000],
      [some, 250 + 2_000],
      [halves, 833 + 10_000],
    ] as const) {
      expect(Math.abs((show?.status.edge.rate(64) ?? 0) - polls)).toBeLessThan(4 * Math.sqrt(polls));
      expect(show?.edge.rate(64)).toBeCloseTo(players.edge.rate(64) + (show?.status.edge.rate(64) ?? 0), 6);
      expect(show?.status.origin.rate(64)).toBe(5);
      expect(show?.origin.rate(64)).toBeCloseTo(players.origin.rate(64) + 5, 6);
    }
    expect(players.status.edge.requests).toBe(0);
    expect(all?.isolates).toBeGreaterThan(players.isolates);
  });

  test("without upper tiers every data centre asks the origin itself", () => {
    const constants = having({ upperTiers: 5, dataCentres: 50 });
    const { upper, origin } = playShow(100_000, "low", playersOnly(untiered(constants)), 1);
    expect(origin.requests).toBe(upper.requests);
    expect(origin.rate(96)).toBeCloseTo((50 * 2) / 0.384, 6);
  });

  test("the surge begins slowly, ends with all listeners, and is steepest in its middle", () => {
    expect([0, 150, 300, 400].map((second) => joined(second, CONSTANTS))).toEqual([0, 0.5, 1, 1]);
    expect(joined(151, CONSTANTS) - joined(150, CONSTANTS)).toBeCloseTo(2 / 300, 4);
  });

  test("a flow refuses more misses than requests", () => {
    expect(() => new Flow().take(1, 2)).toThrow("can not have missed");
  });
});

describe("the dice", () => {
  test("give shares that add up and follow the weights", () => {
    const { weights, upper, uppers } = geographyOf(CONSTANTS, new Dice(1));
    expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 9);
    expect(new Set(upper).size).toBe(uppers);
    const shares = new Dice(2).share(1_000_000, weights);
    expect(shares.reduce((sum, share) => sum + share)).toBe(1_000_000);
    for (const [i, share] of shares.entries()) {
      const mean = 1e6 * (weights[i] ?? 0);
      expect(Math.abs(share - mean)).toBeLessThan(6 * Math.sqrt(mean) + 5);
    }
  });

  test.each([
    [10, 50],
    [200, 50],
    [40, 1000],
    [5000, 1000],
  ])("meet as many bins with %i balls in %i bins as when each ball is thrown", (balls, bins) => {
    const dice = new Dice(7);
    const mean = (draw: () => number) => Array.from({ length: 400 }, draw).reduce((a, b) => a + b) / 400;
    const thrown = mean(
      () => new Set(Array.from({ length: balls }, () => Math.floor(dice.unit() * bins))).size,
    );
    const drawn = mean(() => dice.occupied(balls, bins));
    expect(Math.abs(drawn / thrown - 1)).toBeLessThan(0.02);
  });

  test("never meet a bin without balls, always meet a single bin, and never more bins than there are", () => {
    const dice = new Dice(3);
    expect([dice.occupied(0, 5), dice.occupied(5, 0), dice.occupied(9, 1), dice.occupied(1, 9)]).toEqual([
      0, 0, 1, 1,
    ]);
    for (let n = 0; n < 1_000; n++) expect(dice.occupied(100, 101)).toBeLessThanOrEqual(100);
  });
});

describe("the audience", () => {
  test("a few isolates report to one shard, about every ten seconds", () => {
    const few = loadOf(
      Array.from({ length: 100 }, (_, i) => i),
      300,
      1,
    );
    expect(few).toMatchObject({ shards: 1, isolates: 100 });
    expect(few.topPeak).toBe(few.peak);
    expect(few.everySeconds).toBeGreaterThan(10);
    expect(few.everySeconds).toBeLessThan(11.5);
    expect(loadOf([], 60, 1)).toMatchObject({ shards: 1, isolates: 0, peak: 0, everySeconds: 10 });
  });

  test("many isolates report to more shards, as often, and to none more than it can take; the root gets more than its share", () => {
    const many = loadOf(
      Array.from({ length: 8_000 }, (_, i) => i / 40),
      420,
      1,
    );
    expect(many.shards).toBe(16);
    expect(many.isolates).toBeGreaterThan(8_000 / 16);
    expect(many.isolates).toBeLessThan(700);
    expect(many.peak).toBeLessThanOrEqual(200);
    expect(many.everySeconds).toBeLessThan(11.5);
    // New isolates, 40 a second, and the shards below the root.
    expect(many.topPeak).toBeGreaterThan(40);
    expect(many.topPeak).toBeLessThanOrEqual(200);
  });

  test("counting costs by the shards that can not sleep: a single one sleeps, 64 do not", () => {
    const [one, all] = [countingOf(1, 1 / 10.5, CONSTANTS), countingOf(64, 0, CONSTANTS)];
    // By hand: a read in five seconds and a report in 10.5, at 5 ms each, and two rows in ten seconds.
    const calls = (1 / 5 + 1 / 10.5) * 2.592;
    expect(one).toBeCloseTo(calls * 0.15 + calls * 0.005 * 0.128 * 12.5 + 0.2 * 2.592, 6);
    expect(all).toBeGreaterThan(64 * 0.128 * 2.592 * 12.5);
    expect(all).toBeLessThan(1.05 * 64 * 0.128 * 2.592 * 12.5);
  });

  test("the count has three errors: the sketch's own, listeners who came since the last report, and reports that are too slow", () => {
    const present = Array.from({ length: 420 }, (_, second) =>
      Math.round(200_000 * joined(second + 1, CONSTANTS)),
    );
    const quick = countError(present, 10, 1);
    expect(Math.abs(quick.sketch)).toBeLessThan(2 * quick.error95);
    expect(quick.missing).toBe(0);
    expect(quick.trailing).toBeGreaterThan(0.1);
    expect(countError(present, 80, 1).missing).toBe(0.5);
  });
});

describe("the bill", () => {
  test("of a million listeners is their requests at list price, computed by hand", () => {
    const run = runOf(1_000_000, "balanced", CONSTANTS, 1);
    // For the status: 0.6 of the listeners once in 60 s, and 0.4 once in 5 s.
    const perHour = 3600 * (3.6 + 0.09) * (PRICES.request.dollars / 1e6);
    expect(run.dollarsPerListenerHour).toBeGreaterThan(perHour);
    expect(run.dollarsPerListenerHour).toBeLessThan(1.05 * perHour);
    expect(run.dollarsPerListenerHour * 1e6).toBeCloseTo(totalOf(run.bill), 6);
    const polls = run.bill.find(({ what }) => what === "our page's edge requests")?.dollars;
    expect(polls).toBeCloseTo(3600 * 0.09 * PRICES.request.dollars, 0);
    const sound = run.bill.find(({ what }) => what === "SFU")?.dollars;
    expect(sound).toBeCloseTo(2 * 0.0346, 3);
  });

  test.each(PROFILES)("for %s is lower per listener the more listeners there are", (latency) => {
    const costs = [1e3, 1e4, 1e5].map((n) => runOf(n, latency, CONSTANTS, 1).dollarsPerListenerHour);
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
  });
});

describe("the copy without a Worker", () => {
  test("costs a million listeners in one data centre a list and a segment from R2 and the lists' writes, computed by hand", () => {
    const load = copyOf(1_000_000, "balanced", having({ dataCentres: 1 }), 1);
    // A list every 2 s, a segment every 1.92 s.
    expect(load.edge).toBeCloseTo(500_000 + 1_000_000 / 1.92, 3);
    expect(load.upper).toBeCloseTo(1 + 1 / 1.92, 6);
    // The upper tier is asked once a second, at any moment of the second for which it keeps a list itself.
    expect(load.bucket).toBeCloseTo(1 - Math.exp(-1) + 1 / 1.92, 6);
    // In an hour 1,875 lists are written at $4.50 a million, and 5,475 objects are read at $0.36.
    expect(load.bill.map(({ dollars }) => dollars)[0]).toBeCloseTo(0.0084375, 9);
    expect(copyOf(1_000_000, "balanced", CONSTANTS, 1).bill[1]?.dollars).toBeCloseTo(5_475 * 0.36e-6, 6);
    expect(load.dollarsPerListenerHour).toBeLessThan(1.1e-8);
    // In a month: as the reference and the issue say, some $6 for a channel that is on day and night.
    expect(24 * 30 * (load.bill[0]?.dollars ?? 0)).toBeCloseTo(6.075, 3);
  });

  test("with an upper tier, reads R2 no more often when more listen; without one, once per data centre", () => {
    for (const listeners of [1e5, 8e6]) {
      const load = copyOf(listeners, "low", having({ dataCentres: 50 }), 1);
      expect(load.bucket).toBeCloseTo(1 + 1 / 1.92, 6);
      expect(load.untieredBucket).toBeCloseTo(50 * (1 + 1 / 1.92), 3);
    }
    // Two listeners find a list that is a second old with a probability of 1 - 1/e.
    expect(copyOf(2, "low", having({ dataCentres: 1 }), 1).upper).toBeCloseTo(
      1 - Math.exp(-1) + (1 - Math.exp(-2)) / 1.92,
      6,
    );
  });

  test("takes six requests from each listener who comes to it, and the Workers as many when they come back", () => {
    const constants = having({ failoverSeconds: 3, returnSeconds: 30 });
    const load = copyOf(90_000, "low", constants, 1);
    expect(load.failover).toEqual({ edge: 180_000, back: 18_000 });
    const text = failoverLines(load, constants);
    expect(text).toMatch(
      /within 3 s: 180k requests a second to the CDN[\s\S]*within 30 s: 18k requests a second$/,
    );
    expect(copyTable([load, load]).split("\n")).toHaveLength(3);
  });
});

describe("the constants", () => {
  test("have our page ask for the status as often as its source says", () => {
    const page = readFileSync(new URL("../../src/web/poll.ts", import.meta.url), "utf8");
    const seconds = (name: string) =>
      Number(new RegExp(`^const ${name} = ([\\d_]+);$`, "m").exec(page)?.[1]?.replaceAll("_", "")) / 1000;
    const { statusSeconds, nativeStatusSeconds } = constantsOf([]);
    expect(statusSeconds.value).toBe(seconds("TOLD_EVERY_MS"));
    expect(nativeStatusSeconds.value).toBe(seconds("EVERY_MS"));
  });

  test("that were measured replace assumed ones, and name their source", () => {
    const report = { constants: { edgeCpuMs: 0.31 }, machine: "two cores", other: 1 };
    const constants = constantsOf([{ file: "a.json", report }]);
    expect(constants.edgeCpuMs).toEqual({
      value: 0.31,
      unit: "ms",
      basis: "measured",
      source: "a.json, on two cores",
    });
    expect(constants.originCpuMs.basis).toBe("ASSUMED");
    // Where hits were not measured, they cost as much as any request.
    expect(constants.partCpuMs).toMatchObject({ value: 0.31, basis: "ASSUMED" });
  });

  test("are taken from all reports; where two have one, the later report counts", () => {
    const reports = [{ edgeCpuMs: 0.3, lowRequests: 5 }, { partCpuMs: 0.1 }, { edgeCpuMs: 0.4 }];
    const constants = constantsOf(
      reports.map((constants, n) => ({ file: `${n}.json`, report: { constants } })),
    );
    expect(constants).toMatchObject({
      edgeCpuMs: { value: 0.4, source: "2.json" },
      lowRequests: { value: 5, source: "0.json" },
      partCpuMs: { value: 0.1, source: "1.json" },
      playlistCpuMs: { value: 0.4, basis: "ASSUMED" },
    });
  });

  test("of the edge's hits are those of its benchmark, and the bill follows them", () => {
    const hits = (["part", "playlist"] as const).map((kind, n) => ({
      kind,
      bytes: 1,
      contenders: [
        { name: "ceiling", costs: [50, 50, 50] },
        { name: "edge", costs: [99, 70 + 40 * n, 1] },
      ],
    }));
    const report = JSON.parse(toJson("a machine", "a loader", hits));
    expect(report.constants).toEqual({ partCpuMs: 0.07, playlistCpuMs: 0.099 });
    const cpu = (measured: Measured[]) =>
      runOf(1_000_000, "balanced", constantsOf(measured), 1).bill.find(({ what }) => what === "edge CPU");
    const constants = constantsOf([{ file: "edge.json", report }]);
    expect(constants.playlistCpuMs).toMatchObject({ basis: "measured", source: "edge.json, on a machine" });
    const [before, after] = [cpu([]), cpu([{ file: "edge.json", report }])];
    // 3.6 requests and 0.09 for the status at 0.2 ms each; 1/0.64 of them are parts, the others lists.
    const parts = 1 / 0.64;
    const expected = (parts * 0.07 + (3.6 - parts) * 0.099 + 0.2 * 0.09) / ((3.6 + 0.09) * 0.2);
    expect(Math.abs((after?.dollars ?? 0) / (before?.dollars ?? 0) / expected - 1)).toBeLessThan(0.02);
  });

  test.each([
    [{}, "no object"],
    [null, "no object"],
    [{ constants: { edgeCpuMS: 1 } }, "none of the simulation's"],
    [{ constants: { edgeCpuMs: "1" } }, "no number"],
    [{ constants: { edgeCpuMs: 0 } }, "no number"],
  ])("are refused in %j", (report, why) => {
    expect(() => constantsOf([{ file: "a.json", report }])).toThrow(why);
  });
});

describe("the report of a simulation", () => {
  const runs = PROFILES.flatMap((latency) => [1e3, 1e4].map((n) => runOf(n, latency, CONSTANTS, 1)));

  test("names every constant with its source, and every price with its page", () => {
    const text = premises(CONSTANTS, 1);
    expect(text).toMatch(/an address counts as 1024 .* 4096 is not modelled/);
    for (const [name, { value, unit, basis, source }] of Object.entries(CONSTANTS)) {
      const line = text.split("\n").find((one) => one.startsWith(`  ${name} `));
      expect(line?.split(/ +/).slice(2).join(" ")).toBe(
        [value, unit, basis, source].filter((word) => word !== "").join(" "),
      );
    }
    for (const { source } of Object.values(PRICES))
      expect(source).toMatch(/^[a-z0-9-]+\/[a-z/]*(pricing|cache)/);
    expect(table(runs).split("\n")).toHaveLength(1 + runs.length);
    expect([999, 12_345, 123_456, 12_345_678].map(short)).toEqual(["999", "12.3k", "123k", "12.3M"]);
  });

  test("states how many of the requests are for the show's status", () => {
    const [run] = runs;
    if (run === undefined) throw new Error("there was no run");
    const { edge, origin } = run.outcome.status;
    expect(pageLine(run)).toMatch(new RegExp(`^edge ${edge.peak}/s, .*, Broadcast ${origin.peak}/s$`));
  });

  test("marks a goal that is missed", () => {
    const constants = having({ upperTiers: 200 });
    expect(table([runOf(1e5, "low", constants, 1)])).toContain("OVER 100");
  });

  test("has a picture with a line for each profile and quantity, inside its frame", () => {
    const svg = picture(runs, "subtitle");
    expect(svg.match(/<polyline/g)).toHaveLength(9);
    expect(svg).not.toMatch(/NaN|Infinity/);
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
    for (const [, points = ""] of svg.matchAll(/points="([^"]+)"/g)) {
      for (const point of points.split(" ")) {
        const [x = Number.NaN, y = Number.NaN] = point.split(",").map(Number);
        expect(x >= 0 && x <= Number(width) && y >= 0 && y <= Number(height), point).toBe(true);
      }
    }
  });
});
