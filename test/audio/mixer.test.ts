import { describe, expect, test } from "vitest";
import { Mixer } from "../../src/audio/mixer.ts";
import { uniforms } from "../kit/random.ts";
import { largestStep } from "../kit/sine.ts";

/** Hosts are added up, and never beyond full scale. */

function noise(seed: number, frames: number, amplitude: number): Float32Array {
  const uniform = uniforms(seed);
  return Float32Array.from({ length: 2 * frames }, () => amplitude * (2 * uniform() - 1));
}

function tone(frames: number, hertz: number, amplitude: number, start = 0): Float32Array {
  return Float32Array.from(
    { length: 2 * frames },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hertz * (start + (i >> 1))) / 48_000),
  );
}

describe("within full scale", () => {
  test("no lines are silence", () => {
    expect(new Mixer().mix([], 960)).toEqual(new Float32Array(1920));
  });

  test("one line passes bit for bit, and as a copy", () => {
    const line = noise(1, 960, 1);
    const mixed = new Mixer().mix([line], 960);
    expect(mixed).toEqual(line);
    expect(mixed.buffer).not.toBe(line.buffer);
  });

  test("two lines that fit are their sum", () => {
    const a = noise(1, 960, 0.5);
    const b = noise(2, 960, 0.5);
    expect(new Mixer().mix([a, b], 960)).toEqual(a.map((value, i) => value + (b[i] as number)));
  });
});

describe("beyond full scale", () => {
  test("no sample leaves [-1, 1], whatever comes", () => {
    const mixer = new Mixer();
    for (let block = 0; block < 50; block++) {
      const lines = [noise(block, 960, 1), noise(block + 100, 960, 1), noise(block + 200, 960, 3)];
      for (const value of mixer.mix(lines, 960)) expect(Math.abs(value)).toBeLessThanOrEqual(1);
    }
  });

  test("a sine of twice full scale comes out as a sine at full scale, not a square", () => {
    const mixer = new Mixer();
    const loud = tone(48_000, 440, 1);
    const mixed = mixer.mix([loud, loud], 48_000).filter((_, i) => i % 2 === 0);
    const last = mixed.subarray(24_000);
    const power = last.reduce((sum, value) => sum + value * value, 0) / last.length;
    expect(Math.max(...last)).toBeGreaterThan(0.99);
    // 0.5 is a sine's, 1 a square's; a clipped one would be at 0.78.
    expect(power).toBeGreaterThan(0.47);
    expect(power).toBeLessThan(0.51);
  });

  test("no step where a second host comes and goes, and none between blocks", () => {
    const mixer = new Mixer();
    const out: number[] = [];
    for (let block = 0; block < 300; block++) {
      const a = tone(960, 300, 0.9, block * 960);
      const b = tone(960, 300, block % 60 < 20 ? 0.9 : 0, block * 960);
      out.push(...mixer.mix([a, b], 960).filter((_, i) => i % 2 === 0));
    }
    const slope = 1.8 * ((2 * Math.PI * 300) / 48_000);
    expect(largestStep(Float32Array.from(out)).step).toBeLessThan(slope);
  });

  test("after it the gain comes back to unity exactly", () => {
    const mixer = new Mixer();
    const loud = tone(960, 440, 1);
    mixer.mix([loud, loud], 960);
    const line = tone(960, 440, 0.9);
    expect(mixer.mix([line], 960)).not.toEqual(line);
    for (let block = 0; block < 90; block++) mixer.mix([line], 960);
    expect(mixer.mix([line], 960)).toEqual(line);
  });

  test("both channels share the gain", () => {
    const line = Float32Array.from({ length: 1920 }, (_, i) => (i % 2 === 0 ? 2 : 0.5));
    const mixed = new Mixer().mix([line], 960);
    expect(mixed[0]).toBe(1);
    expect(mixed[1]).toBeCloseTo(0.25, 5);
  });
});

test("a line of another length is a bug", () => {
  expect(() => new Mixer().mix([new Float32Array(10)], 960)).toThrow(RangeError);
});
