import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Sketch } from "../../src/audience/sketch.ts";
import { CONTEXT_SLOTS, type Limits, SLOT_MS, type SlotReport, Slots } from "../../src/audience/slots.ts";
import { hashes } from "../kit/random.ts";

/** Slots of 10 s: which listeners were seen, what media they took, and what a report says about it. */

const LIMITS: Limits = { shows: 100, bytes: 1 << 24, reporters: 100 };
/** The start of slot 1000. */
const T = 1000 * SLOT_MS;
const ids = hashes(1, 20_000);

function seen(slots: Slots, show: string, ms: number, from: number, to: number): void {
  for (const id of ids.slice(from, to)) slots.see(show, ms, { seat: id, coarse: id });
}

const union = (slots: Slots, show: string, ms: number) =>
  Sketch.union(
    slots
      .window(show, ms)
      .slots.slice(CONTEXT_SLOTS)
      .map(({ seats }) => seats),
  );
const listeners = (slots: Slots, show: string, ms: number) => Math.round(union(slots, show, ms).estimate());
/** What is still to be reported of all shows. */
const news = (slots: Slots, ms: number) => ["a", "b", "c"].flatMap((show) => slots.report(show, ms, "shard"));
const deliveredMs = (slots: Slots, show: string, ms: number) =>
  slots.window(show, ms).slots.map((slot) => slot.deliveredMs);
const told = (reports: readonly SlotReport[]) => reports.map(({ show, slot }) => `${show} ${slot}`);

describe("the window", () => {
  test("counts the listeners seen in the present slot and the three before it", () => {
    const slots = new Slots(LIMITS);
    for (let i = 0; i < 4; i += 1) seen(slots, "a", T + i * SLOT_MS + 5000, 10 * i, 10 * i + 20);
    expect(listeners(slots, "a", T + 39_999)).toBe(50);
    expect(listeners(slots, "a", T + 40_000)).toBe(40);
    expect(listeners(slots, "a", T + 69_999)).toBe(20);
    expect(listeners(slots, "a", T + 70_000)).toBe(0);
    expect(listeners(slots, "b", T)).toBe(0);
  });

  test("states its length, and holds three more slots for comparison", () => {
    const slots = new Slots(LIMITS);
    seen(slots, "a", T, 0, 7);
    const window = slots.window("a", T + 53_000);
    expect([window.fromMs, window.toMs]).toEqual([T + 20_000, T + 53_000]);
    expect(window.slots.map(({ startMs }) => startMs - T)).toEqual([
      -10_000, 0, 10_000, 20_000, 30_000, 40_000, 50_000,
    ]);
    expect(window.slots.map(({ seats }) => Math.round(seats.estimate()))).toEqual([0, 7, 0, 0, 0, 0, 0]);
    expect(listeners(slots, "a", T + 53_000)).toBe(0);
  });

  test("stands still when the clock is set back", () => {
    const slots = new Slots(LIMITS);
    seen(slots, "a", T + 10_000, 0, 5);
    seen(slots, "a", T - 60_000, 5, 8);
    expect(listeners(slots, "a", T + 5000)).toBe(8);
    expect(slots.window("a", T).toMs).toBe(T + 10_000);
  });

  test("drops slots that have left it", () => {
    const slots = new Slots(LIMITS);
    for (const show of ["a", "b", "c"]) seen(slots, show, T, 0, 5000);
    expect(slots.load).toEqual({ shows: 3, bytes: 3 * (2 * 16_384 + 1024), refused: 0 });
    slots.see("c", T + 69_999, { seat: { high: 1, low: 1 }, coarse: { high: 2, low: 1 } });
    expect(slots.load.shows).toBe(3);
    slots.window("c", T + 70_000);
    expect(slots.load).toEqual({ shows: 1, bytes: 2 * 32 + 1024, refused: 0 });
  });
});

describe("delivered media", () => {
  test("is credited to the slots in which it plays, whatever the length of a part", () => {
    for (const partMs of [384, 640, 1920, 3840]) {
      const slots = new Slots(LIMITS);
      for (let at = 0; at < 70_000; at += partMs) slots.deliver("a", T + at, partMs);
      const all = deliveredMs(slots, "a", T + 50_000);
      for (const ms of all) expect(ms).toBeCloseTo(SLOT_MS, 6);
    }
  });

  test("of the next slot is not reported before that slot has begun", () => {
    const slots = new Slots(LIMITS);
    slots.deliver("a", T + 8000, 3000);
    expect(news(slots, T + 9000).map(({ slot, deliveredMs }) => [slot, deliveredMs])).toEqual([[1000, 2000]]);
    expect(news(slots, T + SLOT_MS).map(({ slot, deliveredMs }) => [slot, deliveredMs])).toEqual([
      [1000, 2000],
      [1001, 1000],
    ]);
  });
});

describe("a report", () => {
  test("has what changed since the last acknowledged one, in whole slots", () => {
    const slots = new Slots(LIMITS);
    seen(slots, "a", T, 0, 10);
    seen(slots, "b", T, 0, 10);
    const first = news(slots, T + 1000);
    expect(told(first)).toEqual(["a 1000", "b 1000"]);
    expect(told(news(slots, T + 2000))).toEqual(["a 1000", "b 1000"]);
    seen(slots, "a", T + 3000, 0, 12);
    slots.acknowledge(first, "boot 1");
    const second = news(slots, T + 4000);
    expect(told(second)).toEqual(["a 1000"]);
    slots.acknowledge(second, "boot 1");
    expect(news(slots, T + 5000)).toEqual([]);
    seen(slots, "a", T + 6000, 0, 12);
    expect(news(slots, T + 6000)).toEqual([]);
    seen(slots, "a", T + 10_000, 0, 12);
    expect(told(news(slots, T + 11_000))).toEqual(["a 1001"]);
  });

  test("is of one show", () => {
    const slots = new Slots(LIMITS);
    for (const show of ["a", "b", "c"]) seen(slots, show, T, 0, 10);
    expect(told(slots.report("b", T + 1000, "shard"))).toEqual(["b 1000"]);
    slots.acknowledge(slots.report("b", T + 1000, "shard"), "boot 1");
    expect(slots.report("b", T + 2000, "shard")).toEqual([]);
    expect(slots.report("nobody", T + 2000, "shard")).toEqual([]);
    expect(told(news(slots, T + 2000))).toEqual(["a 1000", "c 1000"]);
  });

  test("tells a restarted shard everything of the show again", () => {
    const slots = new Slots(LIMITS);
    seen(slots, "a", T, 0, 10);
    slots.acknowledge(news(slots, T + 9000), "boot 1");
    seen(slots, "a", T + 10_000, 0, 10);
    slots.acknowledge(news(slots, T + 19_000), "boot 2");
    expect(told(news(slots, T + 19_500))).toEqual(["a 1000"]);
    slots.acknowledge(news(slots, T + 19_500), "boot 2");
    expect(news(slots, T + 19_600)).toEqual([]);
  });

  test("sends each slot to one shard for good, and one shard's restart does not concern another", () => {
    const slots = new Slots(LIMITS);
    const told = (shard: string, ms: number) =>
      slots.report("a", ms, shard).map((report) => `${report.slot} to ${report.shard}`);
    const of = (shard: string, ms: number) =>
      slots.report("a", ms, shard).filter((report) => report.shard === shard);
    seen(slots, "a", T, 0, 10);
    expect(told("one", T + 5000)).toEqual(["1000 to one"]);
    seen(slots, "a", T + 6000, 10, 20);
    seen(slots, "a", T + 10_000, 0, 10);
    // The show has got more shards meanwhile.
    expect(told("four/2", T + 15_000)).toEqual(["1000 to one", "1001 to four/2"]);
    slots.acknowledge(of("four/2", T + 15_000), "boot of four/2");
    slots.acknowledge(of("one", T + 15_000), "boot of one");
    expect(told("four/2", T + 15_000)).toEqual([]);
    seen(slots, "a", T + 20_000, 0, 10);
    slots.acknowledge(of("four/2", T + 25_000), "another boot of four/2");
    expect(told("four/2", T + 25_000)).toEqual(["1001 to four/2"]);
  });
});

describe("merging", () => {
  /** Compares one shard's count for any order, repetition and loss of the reports of five isolates. */
  test("does not depend on order and repetition, and a lost report only lowers the count", () => {
    const isolates = Array.from({ length: 5 }, (_, i) => {
      const slots = new Slots(LIMITS);
      const reports: SlotReport[] = [];
      for (let at = 0; at < 40_000; at += 4000) {
        seen(slots, "a", T + at, 50 * i, 50 * i + at / 400);
        slots.deliver("a", T + at, 4000);
        reports.push(...news(slots, T + at));
      }
      return reports.map((report) => ({ reporter: `isolate ${i}`, entry: report }));
    }).flat();
    const now = T + 39_000;
    const whole = new Slots(LIMITS);
    for (const { reporter, entry: report } of isolates) expect(whole.merge(reporter, report, now)).toBe(true);
    const all = listeners(whole, "a", now);
    expect(Math.abs(all / 290 - 1)).toBeLessThan(0.0159);
    expect(deliveredMs(whole, "a", now).reduce((sum, ms) => sum + ms, 0)).toBe(5 * 40_000);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(isolates, { minLength: isolates.length }),
        fc.array(fc.nat(isolates.length - 1)),
        (order, again) => {
          const shard = new Slots(LIMITS);
          for (const { reporter, entry: report } of order) shard.merge(reporter, report, now);
          for (const i of again)
            shard.merge(isolates[i]?.reporter ?? "", isolates[i]?.entry as SlotReport, now);
          expect(union(shard, "a", now).toBytes()).toEqual(union(whole, "a", now).toBytes());
          expect(deliveredMs(shard, "a", now)).toEqual(deliveredMs(whole, "a", now));
        },
      ),
      { seed: 1, numRuns: 50 },
    );
    fc.assert(
      fc.property(fc.subarray(isolates), (arrived) => {
        const shard = new Slots(LIMITS);
        for (const { reporter, entry: report } of arrived) shard.merge(reporter, report, now);
        expect(listeners(shard, "a", now)).toBeLessThanOrEqual(all);
        const more = deliveredMs(whole, "a", now);
        for (const [i, ms] of deliveredMs(shard, "a", now).entries())
          expect(ms).toBeLessThanOrEqual(more[i] ?? 0);
      }),
      { seed: 2, numRuns: 50 },
    );
  });

  test("can be passed on: two leaves and a root count what a single shard would", () => {
    const [leaf1, leaf2, root] = [new Slots(LIMITS), new Slots(LIMITS), new Slots(LIMITS)];
    for (let i = 0; i < 10; i += 1) {
      const isolate = new Slots(LIMITS);
      seen(isolate, "a", T, 100 * i, 100 * i + 150);
      isolate.deliver("a", T, 1000);
      for (const report of news(isolate, T)) (i % 2 ? leaf1 : leaf2).merge(`isolate ${i}`, report, T);
    }
    for (let again = 0; again < 3; again += 1) {
      for (const report of news(leaf1, T)) root.merge("leaf 1", report, T);
      for (const report of news(leaf2, T)) root.merge("leaf 2", report, T);
    }
    expect(Math.abs(listeners(root, "a", T) / 1050 - 1)).toBeLessThan(0.0159);
    expect(deliveredMs(root, "a", T).at(-1)).toBe(10_000);
  });

  test("refuses entries that are outside the window or unreadable", () => {
    const isolate = new Slots(LIMITS);
    seen(isolate, "a", T, 0, 5);
    const [report] = news(isolate, T) as [SlotReport];
    const tried = (changed: Partial<SlotReport>, ms = T) =>
      new Slots(LIMITS).merge("i", { ...report, ...changed }, ms);
    expect(tried({})).toBe(true);
    expect(tried({}, T + 69_999)).toBe(true);
    expect(tried({}, T + 70_000)).toBe(false);
    expect(tried({}, T - 1)).toBe(true);
    expect(tried({}, T - 10_001)).toBe(false);
    expect(tried({ seats: Uint8Array.of(1, 2, 3) })).toBe(false);
    expect(tried({ coarse: Uint8Array.of(1, 2, 3) })).toBe(false);
    for (const deliveredMs of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(tried({ deliveredMs })).toBe(false);
    for (const slot of [Number.NaN, 1000.5, Number.POSITIVE_INFINITY]) expect(tried({ slot })).toBe(false);
  });
});

describe("memory", () => {
  test("is refused to new shows when it is full, and the refusals are counted, until a show has left the window", () => {
    const slots = new Slots({ ...LIMITS, shows: 3 });
    for (const show of ["a", "b", "c", "d", "d"]) seen(slots, show, T, 0, 1);
    expect([slots.load.shows, slots.load.refused, listeners(slots, "d", T)]).toEqual([3, 2, 0]);
    for (const show of ["a", "b"]) seen(slots, show, T + 10_000, 0, 1);
    seen(slots, "d", T + 70_000, 0, 1);
    expect([slots.load.shows, listeners(slots, "d", T + 70_000)]).toEqual([3, 1]);
  });

  test("stays within its bytes however shows grow; the newest shows are dropped", () => {
    const bytes = 200_000;
    const slots = new Slots({ ...LIMITS, shows: 1000, bytes });
    let most = 0;
    for (let step = 0; step < 60; step += 1) {
      for (let show = 0; show < 40; show += 1) {
        seen(slots, `s${show}`, T + step * 1000, 50 * step, 50 * step + 50);
        most = Math.max(most, slots.load.bytes);
        expect(slots.load.bytes).toBeLessThanOrEqual(bytes);
      }
    }
    expect(most).toBeGreaterThan(0.8 * bytes);
    expect(slots.load.refused).toBeGreaterThan(0);
    expect(listeners(slots, "s0", T + 59_000)).toBeGreaterThan(1400);
    expect(listeners(slots, "s39", T + 59_000)).toBe(0);
  });

  test("keeps what a show has that takes up all of it", () => {
    const slots = new Slots({ ...LIMITS, bytes: 2 * (2 * 16_384 + 1024) });
    for (const at of [0, 10_000, 20_000]) seen(slots, "a", T + at, 0, 5000);
    expect(slots.load).toEqual({ shows: 1, bytes: 2 * (2 * 16_384 + 1024), refused: 5000 });
    expect(Math.abs(listeners(slots, "a", T + 20_000) / 5000 - 1)).toBeLessThan(0.0159);
    expect(told(news(slots, T + 20_000))).toEqual(["a 1000", "a 1001"]);
  });

  test("tells a limited number of reporters apart; reports of others are refused, which only lowers the sum", () => {
    const shard = new Slots({ ...LIMITS, reporters: 3 });
    const isolate = new Slots(LIMITS);
    isolate.deliver("a", T, 1000);
    const [report] = news(isolate, T) as [SlotReport];
    for (const reporter of ["1", "2", "3", "4", "1"]) shard.merge(reporter, report, T);
    expect([deliveredMs(shard, "a", T).at(-1), shard.load.refused]).toEqual([3000, 1]);
    expect(shard.load.bytes).toBe(2 * 32 + 1024 + 3 * 128);
  });
});
