import { describe, expect, test } from "vitest";
import { type Circumstances, type Figure, figure } from "../../src/audience/figure.ts";
import { type Limits, SLOT_MS, Slots } from "../../src/audience/slots.ts";
import { hashes } from "./random.ts";

const LIMITS: Limits = { shows: 1, bytes: 1 << 22, reporters: 1 };
const T = 1000 * SLOT_MS;
const CALM: Circumstances = { paceMs: 13_000, sinceMs: 0 };
const ids = hashes(1, 60_000);

interface Crowd {
  readonly from: number;
  readonly to: number;
  /** Present from and to, seconds after T. */
  readonly comes?: number;
  readonly goes?: number;
  /** Whether they fetch media, and whether they ask for playlists. */
  readonly deaf?: boolean;
  readonly unseen?: boolean;
  /** Seconds of media fetched at once on coming. */
  readonly burst?: number;
}

/** The figure at `at` seconds after T for crowds that ask every 2 s and fetch parts of 2 s. */
function figureOf(crowds: readonly Crowd[], at: number, circumstances = CALM): Figure {
  const slots = new Slots(LIMITS);
  for (let second = 0; second <= at; second += 2) {
    for (const { from, to, comes = 0, goes = Infinity, deaf, unseen, burst = 0 } of crowds) {
      if (second < comes || second >= goes) continue;
      const ms = T + 1000 * second;
      for (const id of ids.slice(from, to)) {
        if (!unseen) slots.see("a", ms, id);
        if (!deaf) slots.deliver("a", ms, 2000);
        if (!deaf && second === comes) for (let b = 0; b < burst; b += 2) slots.deliver("a", ms, 2000);
      }
    }
  }
  return figure(slots.window("a", T + 1000 * at), circumstances);
}

test("is what the issue publishes, to the field", () => {
  expect(figureOf([{ from: 0, to: 100 }], 64)).toEqual({
    listeners: 100,
    error95: expect.closeTo(0.0159, 4),
    windowSeconds: 34,
    delivered: 100,
    method: "HyperLogLog 2^14 of listeners asking for the live playlist",
    asOf: "1970-01-01T02:47:44.000Z",
    confidence: "high",
  });
});

describe("confidence is high", () => {
  test.each<[string, Crowd[]]>([
    ["for one listener", [{ from: 0, to: 1 }]],
    ["for a steady crowd", [{ from: 0, to: 5000 }]],
    [
      "while a crowd joins, with a burst",
      [
        { from: 0, to: 1000 },
        { from: 1000, to: 3000, comes: 46, burst: 10 },
      ],
    ],
    [
      "while most leave",
      [
        { from: 0, to: 1000 },
        { from: 1000, to: 4000, goes: 46 },
      ],
    ],
    [
      "while all are replaced every ten seconds",
      [0, 1, 2, 3, 4, 5, 6].map((i) => ({
        from: 500 * i,
        to: 500 * i + 500,
        comes: 10 * i,
        goes: 10 * i + 10,
      })),
    ],
    [
      "when few have paused",
      [
        { from: 0, to: 960 },
        { from: 960, to: 1000, deaf: true },
      ],
    ],
    [
      "when one of three has paused",
      [
        { from: 0, to: 2 },
        { from: 2, to: 3, deaf: true },
      ],
    ],
    ["when nobody is there", []],
  ])("%s", (_, crowds) => {
    for (const at of [54, 56, 58, 60, 62, 64]) {
      const { confidence, why } = figureOf(crowds, at);
      expect([confidence, why], String(at)).toEqual(["high", undefined]);
    }
  });
});

describe("confidence is low", () => {
  test.each<[string, Crowd[], RegExp]>([
    [
      "when ids are invented",
      [
        { from: 0, to: 1000 },
        { from: 1000, to: 2000, deaf: true },
      ],
      /^Media was delivered for 1000 listeners; those counted would take at least 18\d\d\.$/,
    ],
    [
      "when five of ten are invented",
      [
        { from: 0, to: 5 },
        { from: 5, to: 10, deaf: true },
      ],
      /^Media was delivered for 5 listeners; those counted would take at least 7\.$/,
    ],
    [
      "when a tenth is invented",
      [
        { from: 0, to: 9000 },
        { from: 9000, to: 10_000, deaf: true },
      ],
      /^Media was delivered for 9000 listeners; those counted would take at least 9\d\d\d\.$/,
    ],
    [
      "when listeners are not counted",
      [
        { from: 0, to: 1000 },
        { from: 1000, to: 1200, unseen: true },
      ],
      /^Media was delivered for 1200 listeners; those counted would take at most 10\d\d\.$/,
    ],
  ])("%s", (_, crowds, why) => {
    const said = figureOf(crowds, 64);
    expect(said.confidence).toBe("low");
    expect(said.why).toMatch(why);
  });

  test("after a restart, until every listener has had time to be reported", () => {
    const crowd = [{ from: 0, to: 100 }];
    expect(figureOf(crowd, 64, { ...CALM, sinceMs: T + 24_001 }).why).toMatch(
      /^Counting began less than 40 s ago/,
    );
    expect(figureOf(crowd, 64, { ...CALM, sinceMs: T + 24_000 }).confidence).toBe("high");
  });

  test("when reports are slower than the window", () => {
    expect(figureOf([{ from: 0, to: 100 }], 64, { ...CALM, paceMs: 25_001 }).why).toMatch(
      /^Reports are slower/,
    );
    expect(figureOf([{ from: 0, to: 100 }], 64, { ...CALM, paceMs: 25_000 }).confidence).toBe("high");
  });
});

test("slots that are not settled are not compared", () => {
  const slots = new Slots(LIMITS);
  for (let slot = -1; slot < 5; slot += 1) {
    for (const id of ids.slice(0, 100)) {
      slots.see("a", T + slot * SLOT_MS, id);
      if (slot < 2) slots.deliver("a", T + slot * SLOT_MS, SLOT_MS);
    }
  }
  const at = (second: number) => figure(slots.window("a", T + second * 1000), { paceMs: 15_000, sinceMs: 0 });
  expect([at(44).delivered, at(44).confidence]).toEqual([100, "high"]);
  expect([at(45).delivered, at(45).confidence]).toEqual([66.7, "low"]);
});

test("delivered is null, not 0, when reports are too slow to tell", () => {
  const window = new Slots(LIMITS).window("a", T);
  expect(figure(window, { paceMs: 25_001, sinceMs: 0 })).toMatchObject({
    listeners: 0,
    delivered: null,
    confidence: "low",
  });
});
