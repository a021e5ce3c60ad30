import { describe, expect, test } from "vitest";
import { LOOKAHEAD, LOOKBEHIND, resample } from "../../src/audio/resampler.ts";

/** Reading at another speed, checked against what the sine is at the same places. */

/** A sine, and the result of reading it `speed` times as fast from `position`. */
function read(hertz: number, position: number, speed: number, count = 24_000) {
  const value = (at: number) => Math.sin((2 * Math.PI * hertz * at) / 48_000);
  const frames = Math.ceil(position + count * speed) + LOOKAHEAD + 1;
  const input = Float32Array.from({ length: 2 * frames }, (_, i) => (i % 2 ? -1 : 1) * value(i >> 1));
  const out = new Float32Array(2 * count);
  resample(input, position, speed, out, 0, count);
  let wrong = 0;
  let power = 0;
  for (let n = 0; n < count; n++) {
    const wanted = value(position + n * speed);
    wrong += (out[2 * n] as number) ** 2 - 2 * (out[2 * n] as number) * wanted + wanted ** 2;
    power += wanted ** 2;
    if (out[2 * n + 1] !== -(out[2 * n] as number)) throw new Error("the channels differ");
  }
  return { noiseDb: 10 * Math.log10(wrong / power), input, out };
}

describe("resample", () => {
  test.each([100, 1_000, 5_000, 10_000, 15_000, 18_000])(
    "a sine of %d Hz has noise below -85 dB at any speed",
    (hertz) => {
      for (const speed of [1 + 2e-4, 1 - 2e-4, 1.005, 0.995, 1.02]) {
        expect(read(hertz, 100.3, speed).noiseDb).toBeLessThan(-85);
      }
    },
  );

  test("at speed 1 and from a whole position the result is a copy", () => {
    const { input, out } = read(997, 50, 1);
    expect(out).toEqual(input.slice(100, 100 + out.length));
  });

  test("it reads no frame outside the look-behind and look-ahead that it declares", () => {
    const input = new Float32Array(2 * 200).fill(Number.NaN);
    input.fill(0.5, 2 * (60 - LOOKBEHIND), 2 * (60 + 9 + LOOKAHEAD + 1));
    const out = new Float32Array(2 * 12).fill(7);
    resample(input, 60.9, 0.999, out, 1, 10);
    expect([...out.subarray(0, 2), ...out.subarray(22)]).toEqual([7, 7, 7, 7]);
    for (const value of out.subarray(2, 22)) expect(value).toBeCloseTo(0.5, 6);
  });

  test("reading in pieces gives the same as reading at once", () => {
    const { input, out } = read(440, 40.25, 1.003, 1_000);
    const pieces = new Float32Array(out.length);
    for (let at = 0; at < 1_000; at += 125) resample(input, 40.25 + at * 1.003, 1.003, pieces, at, 125);
    expect(Math.max(...pieces.map((value, i) => Math.abs(value - (out[i] as number))))).toBeLessThan(1e-6);
  });
});
