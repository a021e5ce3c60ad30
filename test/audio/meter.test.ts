import { describe, expect, test } from "vitest";
import { Meter } from "../../src/audio/meter.ts";

/** The peak and RMS values of the level meter. */

function tone(seconds: number, amplitude: number): Float32Array {
  return Float32Array.from(
    { length: 96_000 * seconds },
    (_, i) => amplitude * Math.sin((2 * Math.PI * 1_000 * (i >> 1)) / 48_000),
  );
}

describe("meter", () => {
  test("reads its floor before any sound, and of silence", () => {
    const meter = new Meter();
    expect(meter.read()).toEqual({ peakDb: -100, rmsDb: -100 });
    meter.push(new Float32Array(96_000));
    expect(meter.read()).toEqual({ peakDb: -100, rmsDb: -100 });
  });

  test("reads a full-scale sine as peak 0 and RMS -3.01 dB, and a tenth of it 20 dB lower", () => {
    for (const [amplitude, db] of [
      [1, 0],
      [0.1, -20],
    ] as const) {
      const meter = new Meter();
      meter.push(tone(1, amplitude));
      expect(meter.read().peakDb).toBeCloseTo(db, 2);
      expect(meter.read().rmsDb).toBeCloseTo(db - 3.01, 2);
    }
  });

  test("the window is 400 ms", () => {
    const meter = new Meter();
    meter.push(tone(1, 1));
    meter.push(new Float32Array(0.2 * 96_000));
    expect(meter.read().peakDb).toBeCloseTo(0, 2);
    expect(meter.read().rmsDb).toBeCloseTo(-6.02, 1);
    meter.push(new Float32Array(0.2 * 96_000));
    expect(meter.read()).toEqual({ peakDb: -100, rmsDb: -100 });
  });

  test("the size of the pushes makes no difference", () => {
    const pcm = tone(1, 0.5);
    const whole = new Meter();
    whole.push(pcm);
    const pieces = new Meter();
    for (let i = 0, n = 1; i < pcm.length; i += 2 * n, n = (n * 7) % 997)
      pieces.push(pcm.subarray(i, i + 2 * n));
    expect(pieces.read()).toEqual(whole.read());
  });
});
