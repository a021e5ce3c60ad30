import { describe, expect, test } from "vitest";
import { Limiter, LOOK_AHEAD } from "../../src/audio/limiter.ts";
import { TruePeak } from "../../src/audio/true-peak.ts";
import { AU_SAMPLES, SAMPLE_RATE, toMillis } from "../../src/media.ts";
import { eightLines, FRAMES, LOUD, mix, noise, square, stereo, tone, turn } from "../kit/loud.ts";

/** The limiter holds every true peak below -1 dBFS, and changes nothing that is below that. */

const decibels = (ratio: number) => 20 * Math.log10(ratio);
const rms = (pcm: Float32Array) => Math.sqrt(pcm.reduce((sum, value) => sum + value * value, 0) / pcm.length);

test.each(Object.keys(LOUD))(
  "eight hosts at full scale, each with %s, have no true peak above -1 dBFS",
  (what) => {
    const peak = decibels(new TruePeak().push(mix((LOUD[what] as () => Float32Array[])())));
    expect(peak).toBeLessThanOrEqual(-1);
    // Nor is the sum simply turned down: what is loud stays near the ceiling.
    expect(peak).toBeGreaterThan(-2.5);
  },
);

/** The largest difference between the samples of `a` and `b`; NaN where their lengths differ. */
function difference(a: Float32Array, b: Float32Array): number {
  let largest = a.length === b.length ? 0 : Number.NaN;
  for (let i = 0; i < a.length; i++)
    largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
  return largest;
}

describe("sound below the ceiling", () => {
  const QUIET: Readonly<Record<string, () => Float32Array>> = {
    "a tone": () => stereo(tone(997, 0.5)),
    "a high tone with its peaks between samples": () => stereo(tone(12_000, 0.5, Math.PI / 4)),
    noise: () => stereo(noise(3), noise(4)).map((value) => value * 0.4),
    "a square wave": () => stereo(square(440)).map((value) => value * 0.5),
  };

  test.each(Object.keys(QUIET))("%s at -6 dBFS comes out bit for bit, 5 ms later", (what) => {
    const line = (QUIET[what] as () => Float32Array)();
    expect(toMillis(LOOK_AHEAD)).toBe(5);
    const out = mix([line]).subarray(2 * LOOK_AHEAD);
    expect(difference(out, line.subarray(0, 2 * (FRAMES - LOOK_AHEAD)))).toBe(0);
  });

  test.each([1, 7, 239, 240, 241, 960, 5_000])("is the same in pushes of %i frames", (frames) => {
    const line = (QUIET.noise as () => Float32Array)();
    const limiter = new Limiter();
    const pieces = new Float32Array(line.length);
    for (let i = 0; i < line.length; i += 2 * frames)
      pieces.set(limiter.push(line.subarray(i, i + 2 * frames)), i);
    expect(difference(pieces, new Limiter().push(line))).toBe(0);
  });
});

describe("the gain", () => {
  /** The gain of each frame, measured on a steady signal below the peaks. */
  const gains = (peaks: (n: number) => number) => {
    const mixed = mix([
      stereo(
        (n) => 0.01 + peaks(n),
        () => 0.01,
      ),
    ]);
    return Array.from(
      { length: FRAMES - LOOK_AHEAD },
      (_, n) => (mixed[2 * (n + LOOK_AHEAD) + 1] as number) / 0.01,
    );
  };

  test("is the same for both channels", () => {
    const mixed = mix([stereo(tone(300, 3), tone(300, 0.3))]);
    for (let i = 2 * LOOK_AHEAD; i < mixed.length; i += 2)
      expect(mixed[i + 1]).toBeCloseTo((mixed[i] as number) / 10, 6);
  });

  test("falls in time for a peak without a step, and is back within half a dB after 0.3 s", () => {
    const at = 48_000;
    const gain = gains((n) => (n === at ? 1.8 : 0));
    expect(gain[at]).toBeLessThan(0.5);
    expect(gain[at - LOOK_AHEAD - 32]).toBeCloseTo(1, 6);
    expect(decibels(gain[at + 14_400] as number)).toBeGreaterThan(-0.5);
    // And back to exactly 1: sound that comes then passes bit for bit.
    const limiter = new Limiter();
    limiter.push(stereo(tone(440, 2)));
    const line = stereo(tone(997, 0.5));
    for (let n = 0; n < 2; n++) limiter.push(line);
    limiter.push(new Float32Array(2 * LOOK_AHEAD));
    expect(
      difference(limiter.push(line).subarray(2 * LOOK_AHEAD), line.subarray(0, 2 * (FRAMES - LOOK_AHEAD))),
    ).toBe(0);
    const steps = gain.slice(1).map((value, n) => Math.abs(value - (gain[n] as number)));
    expect(steps.reduce((a, b) => Math.max(a, b))).toBeLessThan(0.01);
  });

  test("does not pump: under steady loud speech it moves by less than 3 dB", () => {
    // Syllables of 160 ms, of eight hosts who all speak at once.
    const hosts = eightLines((host) =>
      stereo(
        (n) => Math.sin((Math.PI * ((n + 1_000 * host) % 7_680)) / 7_680) * tone(150 + 13 * host, 0.5)(n),
      ),
    );
    const sum = hosts.reduce((all, host) => all.map((value, i) => value + (host[i] as number)));
    const mixed = mix(hosts);
    const gain: number[] = [];
    for (let n = SAMPLE_RATE; n + 4_800 < FRAMES - LOOK_AHEAD; n += 4_800)
      gain.push(
        decibels(
          rms(mixed.subarray(2 * (n + LOOK_AHEAD), 2 * (n + LOOK_AHEAD + 4_800))) /
            rms(sum.subarray(2 * n, 2 * (n + 4_800))),
        ),
      );
    console.log(`gain by 100 ms, dB: ${gain.map((db) => db.toFixed(1)).join(" ")}`);
    expect(Math.max(...gain)).toBeLessThan(-3);
    expect(Math.max(...gain) - Math.min(...gain)).toBeLessThan(3);
  });

  test("does not recover in every gap: between syllables of 120 ms it moves by less than 4 dB", () => {
    const gain = gains((n) => (n % 9_600 < 5_760 ? 2 * Math.sin(turn(300, n)) : 0)).slice(2 * SAMPLE_RATE);
    const least = gain.reduce((a, b) => Math.min(a, b));
    expect(decibels(least)).toBeLessThan(-6);
    expect(decibels(gain.reduce((a, b) => Math.max(a, b)) / least)).toBeLessThan(4);
  });

  test("does not distort a low tone: overtones of 60 Hz are 40 dB below it", () => {
    const mixed = mix([stereo(tone(60, 2))]).subarray(FRAMES);
    const level = (hertz: number) => {
      let [real, imaginary] = [0, 0];
      const length = 1_600 * 48;
      for (let n = 0; n < length; n++) {
        real += (mixed[2 * n] as number) * Math.cos(turn(hertz, n));
        imaginary += (mixed[2 * n] as number) * Math.sin(turn(hertz, n));
      }
      return Math.hypot(real, imaginary);
    };
    for (const overtone of [120, 180, 240, 300, 420])
      expect(decibels(level(overtone) / level(60))).toBeLessThan(-40);
  });
});

test("silence in gives silence out, once the held sound is out", () => {
  const limiter = new Limiter();
  expect(limiter.isEmpty).toBe(true);
  limiter.push(stereo(tone(440, 2)));
  expect(limiter.isEmpty).toBe(false);
  limiter.push(new Float32Array(2 * LOOK_AHEAD));
  expect(limiter.isEmpty).toBe(true);
  expect(limiter.push(new Float32Array(2 * AU_SAMPLES)).every((value) => value === 0)).toBe(true);
});
