import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Segmenter } from "../../src/hls/segmenter.ts";
import { PROFILES, samples } from "../../src/media.ts";
import { FIRST_MSN, frame, show } from "../kit/show.ts";

/** Access units are cut into parts and segments on one grid. */

const PROFILE = fc.constantFrom(PROFILES.low, PROFILES.balanced, PROFILES.economy);

test("cuts on the grid: all parts and segments but the last are full", () => {
  const { cuts } = show(PROFILES.low, 2 * 90 + 20);
  expect(cuts.map(({ part, closes }) => [part.msn, part.index, part.duration / 1024, closes])).toEqual([
    ...[0, 1, 2, 3].map((index) => [FIRST_MSN, index, 18, false]),
    [FIRST_MSN, 4, 18, true],
    ...[0, 1, 2, 3].map((index) => [FIRST_MSN + 1, index, 18, false]),
    [FIRST_MSN + 1, 4, 18, true],
    [FIRST_MSN + 2, 0, 18, false],
    [FIRST_MSN + 2, 1, 2, true],
  ]);
});

describe("flush", () => {
  test("returns the last part again when only the segment is left to close", () => {
    const segmenter = new Segmenter(PROFILES.low, { msn: 1, at: samples(0) });
    const cuts = Array.from({ length: 18 }, (_, unit) => segmenter.push(frame(unit))).flat();
    const last = segmenter.flush();
    expect(cuts).toHaveLength(1);
    expect(last).toHaveLength(1);
    expect(last[0]?.part).toBe(cuts[0]?.part);
    expect([cuts[0]?.closes, last[0]?.closes]).toEqual([false, true]);
  });

  test("returns nothing when nothing is open", () => {
    expect(new Segmenter(PROFILES.low, { msn: 1, at: samples(0) }).flush()).toEqual([]);
    expect(show(PROFILES.low, 90).cuts).toHaveLength(5);
  });
});

test("a segmenter that resumes anywhere with the open segment's parts makes the same cuts", () => {
  fc.assert(
    fc.property(
      PROFILE,
      fc.integer({ min: 0, max: 700 }),
      fc.integer({ min: 0, max: 400 }),
      (profile, first, more) => {
        const whole = show(profile, first + more).cuts;
        const before = show(profile, first, { live: true }).cuts;
        // The stored parts of a crashed show; frames of an unfinished part are lost with it.
        const closed = before.filter(({ closes }) => closes).length;
        const msn = FIRST_MSN + closed;
        const parts = before.map(({ part }) => part).filter((part) => part.msn === msn);
        const at = samples(closed * profile.segmentUnits * 1024);
        const segmenter = new Segmenter(profile, { msn, at, parts });
        const cuts = [];
        for (let unit = segmenter.position / 1024; unit < first + more; unit += 1)
          cuts.push(...segmenter.push(frame(unit)));
        cuts.push(...segmenter.flush());
        const tail = cuts.length > 0 ? whole.slice(-cuts.length) : [];
        expect(cuts).toEqual(tail);
      },
    ),
    { seed: 3, numRuns: 40 },
  );
});

describe("misuse throws", () => {
  const start = { msn: 4, at: samples(0) };

  test("a frame that is not due", () => {
    const segmenter = new Segmenter(PROFILES.low, start);
    expect(() => segmenter.push(frame(1))).toThrow(/expected at 0/);
    segmenter.push(frame(0));
    expect(() => segmenter.push(frame(0))).toThrow(/expected at 1024/);
  });

  test("parts that are not the head of the open segment", () => {
    const [a, b] = show(PROFILES.low, 90, { live: true }).cuts.map(({ part }) => part);
    if (a === undefined || b === undefined) throw new Error("five parts");
    const resume = (parts: (typeof a)[], msn = FIRST_MSN) =>
      new Segmenter(PROFILES.low, { msn, at: samples(0), parts });
    expect(resume([a, b]).position).toBe(36 * 1024);
    expect(() => resume([b])).toThrow(/does not belong/);
    expect(() => resume([a, a])).toThrow(/does not belong/);
    expect(() => resume([a], FIRST_MSN + 1)).toThrow(/does not belong/);
    expect(() => resume([{ ...a, duration: samples(1024) }])).toThrow(/does not belong/);
    expect(() => resume([{ ...a, at: samples(1024) }])).toThrow(/does not belong/);
    const all = show(PROFILES.low, 90, { live: true }).cuts.map(({ part }) => part);
    expect(() => resume(all)).toThrow(/already whole/);
  });

  test("a profile whose segments are not whole parts", () => {
    expect(() => new Segmenter({ ...PROFILES.low, partUnits: 17 }, start)).toThrow(/whole parts/);
  });
});
