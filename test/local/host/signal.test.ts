import { describe, expect, test } from "vitest";
import { SpokenSignal } from "../../../local/host/signal.ts";
import { findBeeps } from "./beep.ts";

/** The test signal: the same for the same seed, with a beep every second. */

const START = 1_700_000_000_250;

describe("the test signal", () => {
  test("is the same however it is read, and differs for another seed", () => {
    const read = (seed: number, sizes: readonly number[]) => {
      const signal = new SpokenSignal({ seed, startMillis: START });
      return sizes.flatMap((size) => [...signal.read(size)]);
    };
    const whole = read(3, [48_000]);
    expect(read(3, [1, 959, 960, 7_680, 38_400])).toEqual(whole);
    expect(read(4, [48_000])).not.toEqual(whole);
  });

  test("beeps at each whole second of the wall clock, and the beep names the second", () => {
    const pcm = new SpokenSignal({ startMillis: START }).read(48_000 * 6);
    const beeps = findBeeps(pcm);
    expect(beeps.map(({ second }) => second)).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => (1_700_000_000 + n) % 256),
    );
    for (const [i, { at }] of beeps.entries())
      expect(Math.abs(at - (36_000 + i * 48_000))).toBeLessThanOrEqual(96);
    expect(findBeeps(pcm, 1).map(({ second }) => second)).toEqual(beeps.map(({ second }) => second));
  });

  test("speaks in syllables with pauses, in two voices on two sides, without clipping", () => {
    const pcm = new SpokenSignal({ startMillis: START }).read(48_000 * 20);
    const levels = Array.from({ length: 1_000 }, (_, i) => {
      let [left, right] = [0, 0];
      for (let s = i * 960; s < (i + 1) * 960; s++) {
        left += (pcm[2 * s] ?? 0) ** 2;
        right += (pcm[2 * s + 1] ?? 0) ** 2;
      }
      return { left, right, rms: Math.sqrt((left + right) / 1_920) };
    });
    const loud = levels.filter(({ rms }) => rms > 1_000);
    expect(loud.length).toBeGreaterThan(400);
    expect(levels.filter(({ rms }) => rms < 10).length).toBeGreaterThan(100);
    expect(loud.filter(({ left, right }) => left > 2 * right).length).toBeGreaterThan(100);
    expect(loud.filter(({ left, right }) => right > 2 * left).length).toBeGreaterThan(100);
    expect(pcm.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBeLessThan(26_000);
  });
});
