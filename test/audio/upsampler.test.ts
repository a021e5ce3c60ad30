import { describe, expect, test } from "vitest";
import { framesAt48, Upsampler } from "../../src/audio/upsampler.ts";
import { uniforms } from "../kit/random.ts";

/**
 * 44.1 kHz is made 48 kHz: a sine stays a sine, as loud, as high, and alone. The result is the same for pieces of any length.
 */

const AMPLITUDE = 0.5;
const SECONDS = 2;

/** A sine at `rate` on the left, and its inverse on the right. */
function sineAt(rate: number, hertz: number): Float32Array {
  return Float32Array.from(
    { length: 2 * rate * SECONDS },
    (_, i) => (i % 2 ? -1 : 1) * AMPLITUDE * Math.sin((2 * Math.PI * hertz * (i >> 1)) / rate),
  );
}

/** `pcm` at 48 kHz, pushed in pieces of as many sample frames as `next` returns. */
function upsampled(rate: 44_100 | 48_000, pcm: Float32Array, next: () => number): Float32Array {
  const upsampler = new Upsampler(rate);
  const made: Float32Array[] = [];
  for (let at = 0; at < pcm.length; ) {
    const end = Math.min(pcm.length, at + 2 * next());
    made.push(upsampler.push(pcm.slice(at, end)));
    at = end;
  }
  made.push(upsampler.flush(framesAt48(pcm.length / 2, rate)));
  const out = new Float32Array(made.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const piece of made) {
    out.set(piece, filled);
    filled += piece.length;
  }
  return out;
}

/**
 * Measures the left channel of 48 kHz `pcm` away from its ends: the amplitude and phase of `hertz` against the input's, dB and
 * degrees, and all else, dB against the input's amplitude.
 */
function measured(pcm: Float32Array, hertz: number) {
  const [from, count] = [9_600, 48_000];
  let [inPhase, beside, power] = [0, 0, 0];
  for (let n = from; n < from + count; n++) {
    const angle = (2 * Math.PI * hertz * n) / 48_000;
    const value = pcm[2 * n] as number;
    inPhase += (2 * value * Math.sin(angle)) / count;
    beside += (2 * value * Math.cos(angle)) / count;
    power += (2 * value * value) / count;
  }
  const amplitude = Math.hypot(inPhase, beside);
  return {
    gainDb: 20 * Math.log10(amplitude / AMPLITUDE),
    degrees: (Math.atan2(beside, inPhase) * 180) / Math.PI,
    othersDb: 10 * Math.log10(Math.max(1e-14, power - amplitude ** 2) / AMPLITUDE ** 2),
  };
}

describe("upsampling from 44.1 kHz to 48 kHz", () => {
  test("gives as many sample frames as 48 kHz has in the file's duration", () => {
    for (const frames of [44_100, 44_101, 88_199, 100_003]) {
      const out = upsampled(44_100, new Float32Array(2 * frames), () => 1_000);
      expect(out.length / 2).toBe(Math.floor((frames * 48_000) / 44_100));
    }
  });

  // Whole hertz: a second then has whole periods, so that the ends of the stretch add nothing beside the sine. The mirror image
  // of f is at 44.1 kHz - f, where the filter passes nothing from 25 kHz on. So a sine above 19 kHz comes out softer, and has
  // an image between 22.9 and 24 kHz that nobody hears.
  test.each([
    [50, 0.001, -90],
    [997, 0.001, -90],
    [5_000, 0.001, -90],
    [10_000, 0.001, -90],
    [15_000, 0.001, -90],
    [18_000, 0.05, -90],
    [19_000, 0.5, -80],
    [20_000, 2, -40],
  ])("keeps a sine of %d Hz within %d dB of its level, and all else below %d dB", (hertz, within, below) => {
    const out = upsampled(44_100, sineAt(44_100, hertz), () => 1_024);
    const { gainDb, degrees, othersDb } = measured(out, hertz);
    console.log(`${hertz} Hz: ${gainDb.toFixed(4)} dB, all else ${othersDb.toFixed(1)} dB`);
    expect(Math.abs(gainDb)).toBeLessThan(within);
    expect(Math.abs(degrees)).toBeLessThan(0.01);
    expect(othersDb).toBeLessThan(below);
  });

  test("gives the same in pieces of any length, and opposite channels for opposite channels", () => {
    const pcm = sineAt(44_100, 440);
    const whole = upsampled(44_100, pcm, () => pcm.length);
    const uniform = uniforms(7);
    for (const next of [() => 1, () => 17, () => 4_099, () => Math.floor(uniform() ** 3 * 3_000)]) {
      const pieces = upsampled(44_100, pcm, next);
      expect(pieces.length).toBe(whole.length);
      let worst = 0;
      for (let i = 0; i < whole.length; i++)
        worst = Math.max(worst, Math.abs((pieces[i] as number) - (whole[i] as number)));
      // Every 160th position is a whole one, or by rounding just before it: there the kernel's ends, 1.6e-5, are in or out.
      expect(worst).toBeLessThan(2e-5);
    }
    expect(whole.some((value, i) => i % 2 === 1 && value !== -(whole[i - 1] as number))).toBe(false);
  });
});

test("48 kHz passes unchanged", () => {
  const pcm = sineAt(48_000, 440);
  expect(upsampled(48_000, pcm, () => 1_000)).toEqual(pcm);
});
