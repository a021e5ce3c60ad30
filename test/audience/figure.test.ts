import { describe, expect, test } from "vitest";
import { seatingOf } from "../../src/audience/cap.ts";
import { type Circumstances, type Figure, figure, settledFigure } from "../../src/audience/figure.ts";
import { sipKey } from "../../src/audience/siphash.ts";
import { type Limits, SLOT_MS, Slots, type SlotWindow } from "../../src/audience/slots.ts";
import { hashes } from "../kit/random.ts";

/** The published audience figure, and when its confidence is low. */

const LIMITS: Limits = { shows: 1, bytes: 1 << 22, reporters: 1 };
const T = 1000 * SLOT_MS;
const CALM: Circumstances = { paceMs: 13_000, sinceMs: 0 };
const ids = hashes(1, 60_000);

interface Crowd {
  readonly from: number;
  readonly to: number;
  /** When the crowd is present: from `comes` to `goes`, seconds after T. */
  readonly comes?: number;
  readonly goes?: number;
  /** Whether they fetch no media (`deaf`), and whether they ask for no playlist (`unseen`). */
  readonly deaf?: boolean;
  readonly unseen?: boolean;
  /** Seconds of media that they fetch at once when they come. */
  readonly burst?: number;
}

/** The figure at `at` seconds after T for crowds that ask every 2 s and fetch parts of 2 s. */
function figureOf(crowds: readonly Crowd[], at: number, circumstances = CALM): Figure {
  return figure(windowOf(crowds, at), circumstances);
}

function windowOf(crowds: readonly Crowd[], at: number): SlotWindow {
  const slots = new Slots(LIMITS);
  for (let second = 0; second <= at; second += 2) {
    for (const { from, to, comes = 0, goes = Infinity, deaf, unseen, burst = 0 } of crowds) {
      if (second < comes || second >= goes) continue;
      const ms = T + 1000 * second;
      for (const id of ids.slice(from, to)) {
        if (!unseen) slots.see("a", ms, { seat: id, coarse: id });
        if (!deaf) slots.deliver("a", ms, 2000);
        if (!deaf && second === comes) for (let b = 0; b < burst; b += 2) slots.deliver("a", ms, 2000);
      }
    }
  }
  return slots.window("a", T + 1000 * at);
}

test("the published figure has exactly these fields", () => {
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
      "while one in twenty join, with a burst",
      [
        { from: 0, to: 1000 },
        { from: 1000, to: 1050, comes: 46, burst: 10 },
      ],
    ],
    [
      "while one in twenty leave",
      [
        { from: 0, to: 950 },
        { from: 950, to: 1000, goes: 46 },
      ],
    ],
    [
      "when a few have paused",
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

  test("while newcomers are not in a settled slot yet, and high again once they are", () => {
    const joining = [
      { from: 0, to: 1000 },
      { from: 1000, to: 3000, comes: 46, burst: 10 },
    ];
    const told = [46, 54, 62, 64, 72, 74, 84].map((at) => {
      const { listeners, confidence, why } = figureOf(joining, at);
      expect(Math.abs(listeners / 3000 - 1)).toBeLessThan(0.016);
      return [at, confidence, why?.replace(/\d+/g, "N").slice(0, 30)];
    });
    const unknown = "Of these listeners N came in t";
    const moment = "Media was delivered for N list";
    expect(told).toEqual([
      [46, "low", unknown],
      [54, "low", unknown],
      [62, "low", unknown],
      [64, "low", moment],
      [72, "low", moment],
      [74, "high", undefined],
      [84, "high", undefined],
    ]);
    expect(settledFigure(windowOf(joining, 62), CALM)).toMatchObject({ listeners: 994, windowSeconds: 30 });
    expect(settledFigure(windowOf(joining, 72), CALM)).toBeNull();
    expect(settledFigure(windowOf(joining, 74), CALM)?.listeners).toBe(figureOf(joining, 74).listeners);
  });

  test("when most listeners leave at once, until it is known that they have left", () => {
    const leaving = [
      { from: 0, to: 1000 },
      { from: 1000, to: 4000, goes: 46 },
    ];
    const sure = [56, 62, 64, 74, 84, 94].map((at) => figureOf(leaving, at).confidence);
    expect(sure).toEqual(["high", "high", "low", "low", "low", "high"]);
  });

  test("when every ten seconds all listeners are others, whether or not they take media", () => {
    for (const deaf of [false, true]) {
      const passing = [0, 1, 2, 3, 4, 5, 6].map((i) => ({
        from: 500 * i,
        to: 500 * i + 500,
        comes: 10 * i,
        goes: 10 * i + 10,
        deaf,
      }));
      const { confidence, why } = figureOf(passing, 64);
      expect(confidence).toBe("low");
      expect(why).toMatch(
        deaf ? /^Media was delivered for 0 listeners/ : /^Media was .* for 500 listeners at a time/,
      );
      expect(settledFigure(windowOf(passing, 64), CALM)).toBeNull();
    }
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
  for (let slot = -3; slot < 5; slot += 1) {
    for (const id of ids.slice(0, 100)) {
      slots.see("a", T + slot * SLOT_MS, { seat: id, coarse: id });
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

describe("600 ids that one address invents", () => {
  const key = sipKey(Uint8Array.from({ length: 16 }, (_, i) => i));

  /** All figures from T + 50 s to T + 170 s of a show of `honest` listeners. The invented ids ask from T + 50 s to T + 80 s. */
  function attack(honest: number, rotate: boolean) {
    const slots = new Slots(LIMITS);
    const people = Array.from({ length: honest }, (_, i) =>
      seatingOf(key, `10.${i >> 8}.${i & 255}.1`, `honest-${i}`),
    );
    const figures: { at: number; figure: Figure; settled: Figure | null }[] = [];
    for (let second = 0; second < 170; second += 2) {
      const ms = T + 1000 * second;
      for (const seating of people) {
        slots.see("a", ms, seating);
        slots.deliver("a", ms, 2000);
      }
      const wave = rotate ? Math.floor(second / 10) : 0;
      for (let i = 0; i < 600 && second >= 50 && second < 80; i += 1) {
        slots.see("a", ms, seatingOf(key, "198.51.100.1", `invented-${wave}-${i}`));
      }
      const window = slots.window("a", ms + 1000);
      if (second < 50) continue;
      figures.push({ at: second + 1, figure: figure(window, CALM), settled: settledFigure(window, CALM) });
    }
    return figures;
  }

  test.each([
    [0, false],
    [0, true],
    [100, false],
    [100, true],
    [2000, false],
    [2000, true],
  ])(
    "beside %i listeners, changed every ten seconds: %s: never raise a sure figure or the peak",
    (honest, rotate) => {
      const figures = attack(honest, rotate);
      const most = Math.max(...figures.map(({ figure }) => figure.listeners));
      expect(most).toBeGreaterThan(honest + 400);
      for (const { at, figure, settled } of figures) {
        const bound = (honest + 4) * 1.1;
        if (figure.confidence === "high") expect(figure.listeners, `at ${at} s`).toBeLessThanOrEqual(bound);
        expect(settled?.listeners ?? 0, `settled at ${at} s`).toBeLessThanOrEqual(bound);
      }
      // Once they have gone, the figure is sure again.
      expect(figures.at(-1)).toMatchObject({ figure: { confidence: "high" } });
    },
  );
});

describe("error95", () => {
  const key = sipKey(Uint8Array.from({ length: 16 }, (_, i) => i));

  function countAt(addresses: readonly (readonly [address: string, listeners: number])[], run: number) {
    const slots = new Slots(LIMITS);
    for (const [address, count] of addresses)
      for (let i = 0; i < count; i += 1) slots.see("a", T, seatingOf(key, address, `${run}-${address}-${i}`));
    return figure(slots.window("a", T), CALM);
  }

  test.each<[string, (run: number) => [string, number][]]>([
    ["100 behind one address", (run) => [[`198.51.${run}.1`, 100]]],
    ["500 behind one address", (run) => [[`198.51.${run}.1`, 500]]],
    [
      "500 behind one address, and 500 elsewhere",
      (run) => [
        [`198.51.${run}.1`, 500],
        ...Array.from({ length: 500 }, (_, i): [string, number] => [`10.${i >> 8}.${i & 255}.${run}`, 1]),
      ],
    ],
    [
      "20 offices of 60",
      (run) => Array.from({ length: 20 }, (_, i): [string, number] => [`203.${i}.${run}.1`, 60]),
    ],
  ])("covers the listeners that share seats: %s", (_, addressesOf) => {
    let within = 0;
    let truth = 0;
    let told = 0;
    for (let run = 0; run < 40; run += 1) {
      const addresses = addressesOf(run);
      truth = addresses.reduce((sum, [, count]) => sum + count, 0);
      const { listeners, error95 } = countAt(addresses, run);
      told += error95 / 40;
      if (Math.abs(listeners - truth) <= Math.ceil(listeners * error95)) within += 1;
    }
    console.log(`${_}: ${within} of 40 within error95 (${(100 * told).toFixed(1)} % on average)`);
    expect(within).toBeGreaterThanOrEqual(38);
  });

  test("is the sketch's own where no listeners share a seat", () => {
    const { error95 } = countAt(
      Array.from({ length: 1000 }, (_, i): [string, number] => [`10.${i >> 8}.${i & 255}.1`, 1]),
      0,
    );
    expect(error95).toBeLessThan(0.025);
  });
});
