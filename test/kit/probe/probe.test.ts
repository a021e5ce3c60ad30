import { describe, expect, test } from "vitest";
import { findMarks } from "./marks.ts";
import { LOOP_SECONDS, MARK_CENTRE, measuringLoop, RATE, TONE_HZ } from "./signal.ts";
import { gaps, phaseJumps, pitch, toneLevel, unexcusedGaps } from "./tone.ts";

// The measuring tools are tested before they measure anything.

const loop = measuringLoop();

describe("marks", () => {
  test("each code is found once, at its centre to a millisecond", () => {
    const marks = findMarks(loop, RATE);
    expect(marks.map((mark) => mark.code)).toEqual(Array.from({ length: LOOP_SECONDS }, (_, code) => code));
    for (const { code, at } of marks) expect(Math.abs(at - (code + MARK_CENTRE))).toBeLessThan(0.001);
  });

  test("noise 20 dB below the tone moves no mark by more than 2 ms and invents none", () => {
    let seed = 7;
    const noisy = loop.map((sample) => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return sample + 0.025 * (seed / 0x40000000 - 1);
    });
    const marks = findMarks(noisy, RATE);
    expect(marks).toHaveLength(LOOP_SECONDS);
    for (const { code, at } of marks) expect(Math.abs(at - (code + MARK_CENTRE))).toBeLessThan(0.002);
  });
});

describe("tone", () => {
  test("pitch is measured to a tenth of a hertz, and level to a hundredth", () => {
    expect(pitch(measuringLoop(1007), RATE, TONE_HZ)).toBeCloseTo(1007, 1);
    expect(toneLevel(loop, RATE, TONE_HZ)).toBeCloseTo(0.2, 2);
    expect(toneLevel(loop, RATE, 1500)).toBeLessThan(0.005);
  });

  test("the unchanged loop has no gap and no jump, and neither has its seam", () => {
    const twice = new Float32Array(loop.length * 2);
    twice.set(loop);
    twice.set(loop, loop.length);
    expect(gaps(twice, RATE, TONE_HZ)).toEqual([]);
    expect(phaseJumps(twice, RATE, TONE_HZ)).toEqual([]);
  });

  test("30 ms of silence are a gap, and 7 lost samples are a jump", () => {
    const holed = loop.slice();
    holed.fill(0, 2 * RATE, 2 * RATE + 0.03 * RATE);
    const [gap] = gaps(holed, RATE, TONE_HZ);
    expect(gap?.at).toBeCloseTo(2, 1);
    expect(gap?.seconds).toBeCloseTo(0.03, 2);

    expect(unexcusedGaps(holed, RATE, TONE_HZ, 12)).toHaveLength(1);
    expect(unexcusedGaps(holed, RATE, TONE_HZ, 39)).toHaveLength(1);
    expect(unexcusedGaps(holed, RATE, TONE_HZ, 80)).toEqual([]);
    // A stall explains a few gaps of its length, but not one every second.
    const riddled = Float32Array.from(holed);
    for (let second = 0; second < 10; second++) {
      riddled.fill(0, second * RATE, Math.round((second + 0.05) * RATE));
    }
    expect(unexcusedGaps(riddled, RATE, TONE_HZ, 80).length).toBeGreaterThanOrEqual(10);

    const cut = new Float32Array(loop.length - 7);
    cut.set(loop.subarray(0, 3 * RATE));
    cut.set(loop.subarray(3 * RATE + 7), 3 * RATE);
    const jumps = phaseJumps(cut, RATE, TONE_HZ);
    expect(jumps.length).toBeGreaterThan(0);
    for (const at of jumps) expect(Math.abs(at - 3)).toBeLessThan(0.03);
  });
});
