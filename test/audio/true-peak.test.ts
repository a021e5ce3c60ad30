import { describe, expect, test } from "vitest";
import { TruePeak } from "../../src/audio/true-peak.ts";
import { uniforms } from "../kit/random.ts";

/** True peak by ITU-R BS.1770-5 and EBU Tech 3341. */

/** The filter phases of BS.1770-5 annex 2. */
const PHASES = [
  [
    0.001708984375, 0.010986328125, -0.0196533203125, 0.033203125, -0.0594482421875, 0.1373291015625,
    0.97216796875, -0.102294921875, 0.047607421875, -0.026611328125, 0.014892578125, -0.00830078125,
  ],
  [
    -0.0291748046875, 0.029296875, -0.0517578125, 0.089111328125, -0.16650390625, 0.465087890625,
    0.77978515625, -0.2003173828125, 0.1015625, -0.0582275390625, 0.0330810546875, -0.0189208984375,
  ],
  [
    -0.0189208984375, 0.0330810546875, -0.0582275390625, 0.1015625, -0.2003173828125, 0.77978515625,
    0.465087890625, -0.16650390625, 0.089111328125, -0.0517578125, 0.029296875, -0.0291748046875,
  ],
  [
    -0.00830078125, 0.014892578125, -0.026611328125, 0.047607421875, -0.102294921875, 0.97216796875,
    0.1373291015625, -0.0594482421875, 0.033203125, -0.0196533203125, 0.010986328125, 0.001708984375,
  ],
];

const decibels = (ratio: number) => 20 * Math.log10(ratio);
const stereo = (frames: number, value: (n: number) => number) =>
  Float32Array.from({ length: 2 * frames }, (_, i) => value(i >> 1));

describe("EBU Tech 3341, table 1", () => {
  test.each([
    [15, 4, 0.5, 0, -6],
    [16, 4, 0.5, 45, -6],
    [17, 6, 0.5, 60, -6],
    [18, 8, 0.5, 67.5, -6],
    [19, 4, 1.41, 45, 3],
  ])(
    "case %i: a sine of fs/%i, amplitude %f, at %f degrees: %f dBTP",
    (_case, parts, amplitude, degrees, dbtp) => {
      const sine = stereo(
        4_800,
        (n) => amplitude * Math.sin((2 * Math.PI * n) / parts + (degrees * Math.PI) / 180),
      );
      // The sine begins and ends softly: the filter would read an abrupt end as a peak.
      const read = decibels(
        new TruePeak().push(sine.map((value, i) => value * Math.min(1, i / 2_000, (9_599 - i) / 2_000))),
      );
      expect(read).toBeGreaterThanOrEqual(dbtp - 0.4);
      expect(read).toBeLessThanOrEqual(dbtp + 0.2);
    },
  );

  // The signals of cases 20 to 23 are recordings. This is their essence: one peak, sampled at four offsets.
  test.each([0, 0.25, 0.5, 0.75])(
    "as in cases 20 to 23: a peak of 0 dBTP that lies %f of a sample beside a sample",
    (offset) => {
      const pulse = stereo(480, (n) => {
        const x = (Math.PI * (n - 240 - offset)) / 3;
        return x === 0 ? 1 : Math.sin(x) / x;
      });
      const read = decibels(new TruePeak().push(pulse));
      expect(read).toBeGreaterThanOrEqual(-0.4);
      expect(read).toBeLessThanOrEqual(0.2);
    },
  );
});

describe("the meter", () => {
  const noise = (seed: number, samples: number) => {
    const uniform = uniforms(seed);
    return Float32Array.from({ length: samples }, () => 2 * uniform() - 1);
  };

  test("is the annex's filter", () => {
    for (let seed = 0; seed < 50; seed++) {
      const pcm = noise(seed, 60);
      let peak = 0;
      for (let i = 0; i < pcm.length; i++) {
        // The meter knows of a sample when that is in the middle of the filter.
        peak = Math.max(peak, Math.abs(pcm[i - 12] ?? 0));
        for (const taps of PHASES) {
          const sum = taps.reduce((sum, tap, n) => sum + tap * (pcm[i - 2 * n] ?? 0), 0);
          peak = Math.max(peak, Math.abs(sum));
        }
      }
      expect(new TruePeak().push(pcm)).toBeCloseTo(peak, 9);
    }
  });

  test("measures each channel, in pushes of any size", () => {
    for (const channel of [0, 1]) {
      const one = noise(1, 2_000).map((value, i) => (i % 2 === channel ? value : 0));
      const whole = new TruePeak().push(one);
      for (const size of [2, 6, 22, 64, 66, 700]) {
        const meter = new TruePeak();
        let peak = 0;
        for (let i = 0; i < one.length; i += size) peak = meter.push(one.subarray(i, i + size), peak);
        expect(peak).toBe(whole);
      }
    }
  });
});
