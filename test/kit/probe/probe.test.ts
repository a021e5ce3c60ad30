import { describe, expect, test } from "vitest";
import { findMarks, leaps } from "./marks.ts";
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

describe("leaps", () => {
  const signal = (from: number, to: number) => loop.subarray(from * RATE, to * RATE);
  const silence = (seconds: number) => new Float32Array(seconds * RATE);
  const leapsOf = (...pieces: readonly Float32Array[]) => {
    const pcm = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      pcm.set(piece, at);
      at += piece.length;
    }
    const { skipped, repeated } = leaps(findMarks(pcm, RATE), gaps(pcm, RATE, TONE_HZ));
    return [Number(skipped.toFixed(1)), Number(repeated.toFixed(1))];
  };

  test.each([
    ["the whole signal, and its loop", [loop, signal(0, 3)], [0, 0]],
    ["a silence after which it goes on where it stopped", [signal(2, 6), silence(2), signal(6, 10)], [0, 0]],
    ["a silence, and what was said meanwhile", [signal(2, 6), silence(2), signal(8, 12)], [2, 0]],
    ["what was said in 3 s, without a silence", [signal(2, 6), signal(9, 12)], [3, 0]],
    ["2 s twice", [signal(2, 6), signal(4, 10)], [0, 2]],
    ["2 s twice, after a silence", [signal(2, 6), silence(1), signal(4, 10)], [0, 2]],
    ["across the loop's seam", [signal(10, 16), silence(1), signal(1, 4)], [1, 0]],
  ])("%s: [skipped, repeated] s", (_, pieces, expected) => {
    expect(leapsOf(...pieces)).toEqual(expected);
  });

  test("a single mark that is read as another one, or found twice, is no leap", () => {
    // The one at 3 s was sent as 13.
    const marks = [
      [10, 0],
      [11, 1],
      [12, 2],
      [9, 3],
      [9, 3.02],
      [14, 4],
      [15, 5],
      [0, 6],
    ].map(([code = 0, at = 0]) => ({ code, at }));
    expect(leaps(marks, [])).toEqual({ skipped: 0, repeated: 0 });
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

  test("silence is a gap from its first sample to its last, also where most of the recording is silence", () => {
    expect(gaps(new Float32Array(RATE), RATE, TONE_HZ)).toEqual([{ at: 0, seconds: 1 }]);
    const spoken = new Float32Array(10 * RATE);
    spoken.set(loop.subarray(0, 2 * RATE), 4 * RATE);
    expect(gaps(spoken, RATE, TONE_HZ)).toEqual([
      { at: 0, seconds: 4 },
      { at: 6, seconds: 4 },
    ]);
    expect(unexcusedGaps(spoken, RATE, TONE_HZ, 200)).toHaveLength(2);
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
