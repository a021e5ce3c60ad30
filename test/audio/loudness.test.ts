import { describe, expect, test } from "vitest";
import { LoudnessMeter } from "../../src/audio/loudness.ts";
import { SAMPLE_RATE } from "../../src/media.ts";
import { uniforms } from "../kit/random.ts";
import { type Piece, sound } from "./tones.ts";

/** Loudness by EBU Tech 3341: its test signals, as far as they are stereo and made by a formula. */

const silence = (seconds: number): Piece => [seconds, Number.NEGATIVE_INFINITY];

/**
 * What a meter reads of `pcm`, LUFS: its last values, and its momentary and short-term values every 10 ms, with the largest.
 */
function measure(pcm: Float32Array) {
  const meter = new LoudnessMeter();
  const momentary: number[] = [];
  const shortTerm: number[] = [];
  for (let i = 0; i < pcm.length; i += 2 * 480) {
    meter.push(pcm.subarray(i, i + 2 * 480));
    momentary.push(meter.momentary);
    shortTerm.push(meter.shortTerm);
  }
  const largest = (values: number[]) => values.reduce((a, b) => Math.max(a, b));
  return { ...meter.read(), momentary, shortTerm, maxM: largest(momentary), maxS: largest(shortTerm) };
}

const expectNear = (value: number | null | undefined, lufs: number) => {
  expect(value).toBeGreaterThanOrEqual(lufs - 0.1);
  expect(value).toBeLessThanOrEqual(lufs + 0.1);
};

describe("EBU Tech 3341, table 1", () => {
  test.each([
    [1, -23],
    [2, -33],
  ])("case %i: M, S and I of a tone at %i dBFS", (_case, db) => {
    const read = measure(sound([[20, db]]));
    expectNear(read.momentary.at(-1), db);
    expectNear(read.shortTerm.at(-1), db);
    expectNear(read.integrated, db);
  });

  test.each<[number, Piece[]]>([
    [
      3,
      [
        [10, -36],
        [60, -23],
        [10, -36],
      ],
    ],
    [
      4,
      [
        [10, -72],
        [10, -36],
        [60, -23],
        [10, -36],
        [10, -72],
      ],
    ],
    [
      5,
      [
        [20, -26],
        [20.1, -20],
        [20, -26],
      ],
    ],
  ])("case %i: I is gated", (_case, pieces) => {
    expectNear(measure(sound(pieces)).integrated, -23);
  });

  test("case 9: S does not move while the level changes within 3 s", () => {
    const { shortTerm } = measure(
      sound(
        Array(5)
          .fill([
            [1.34, -20],
            [1.66, -30],
          ])
          .flat(),
      ),
    );
    for (const read of shortTerm.slice(300)) expectNear(read, -23);
  });

  test("case 10: the largest S of 3 s of tone, wherever they begin", () => {
    for (let n = 0; n < 20; n++)
      expectNear(measure(sound([silence(0.15 * n), [3, -23], silence(1)])).maxS, -23);
  });

  test("case 11: the same tones one after another, each 1 dB louder", () => {
    const pieces = Array.from(
      { length: 20 },
      (_, n) => [silence(0.15 * n), [3, -38 + n], silence(3 - 0.15 * n)] as Piece[],
    );
    const { shortTerm } = measure(sound(pieces.flat()));
    for (let n = 0; n < 20; n++) expectNear(Math.max(...shortTerm.slice(600 * n, 600 * (n + 1))), -38 + n);
  });

  test("case 12: M does not move while the level changes within 400 ms", () => {
    const { momentary } = measure(
      sound(
        Array(25)
          .fill([
            [0.18, -20],
            [0.22, -30],
          ])
          .flat(),
      ),
    );
    for (const read of momentary.slice(100)) expectNear(read, -23);
  });

  test("case 13: the largest M of 400 ms of tone, wherever they begin", () => {
    for (let n = 0; n < 20; n++)
      expectNear(measure(sound([silence(0.02 * n), [0.4, -23], silence(1)])).maxM, -23);
  });

  test("case 14: the same tones one after another, each 1 dB louder", () => {
    const pieces = Array.from(
      { length: 20 },
      (_, n) => [silence(0.02 * n), [0.4, -38 + n], silence(0.4 - 0.02 * n)] as Piece[],
    );
    const { momentary } = measure(sound(pieces.flat()));
    for (let n = 0; n < 20; n++) expectNear(Math.max(...momentary.slice(80 * n, 80 * (n + 1))), -38 + n);
  });
});

describe("the meter", () => {
  test("reads null before any sound, and for momentary and short-term loudness after three seconds of silence", () => {
    const nothing = { momentary: null, shortTerm: null, integrated: null, truePeakDb: null };
    const meter = new LoudnessMeter();
    expect(meter.read()).toEqual(nothing);
    meter.push(sound([[1, -20]]));
    meter.pushSilence(3.3 * SAMPLE_RATE);
    // Seven blocks of tone, and three at its end that are silent for a quarter, a half and three quarters of their length.
    expect(meter.read()).toEqual({ ...nothing, integrated: expect.closeTo(-20.7, 1) });
  });

  test("one channel counts for half: 3 LU less", () => {
    const pcm = sound([[5, -20]]).map((value, i) => (i % 2 === 0 ? value : 0));
    expectNear(measure(pcm).integrated, -23);
  });

  test("the size of the pushes makes no difference", () => {
    const pcm = sound([[2, -20], silence(0.3), [1.7, -12]]);
    const whole = new LoudnessMeter();
    whole.push(pcm);
    const pieces = new LoudnessMeter();
    for (let i = 0, n = 1; i < pcm.length; i += 2 * n, n = (n * 7) % 997)
      pieces.push(pcm.subarray(i, Math.min(pcm.length, i + 2 * n)));
    for (const [key, value] of Object.entries(whole.read()))
      expect(pieces.read()[key as "momentary"]).toBeCloseTo(value as number, 6);
  });

  test.each([1, 100, 479, 9_600, 9_700, 100_000, 143_520, 144_001, 500_003])(
    "%i frames of passed silence count like as many zeros",
    (frames) => {
      const [pushed, passed, inUnits] = [new LoudnessMeter(), new LoudnessMeter(), new LoudnessMeter()];
      const before = sound([[1.234, -20]]);
      const after = sound([[0.7, -30]]);
      pushed.push(before);
      pushed.push(new Float32Array(2 * frames));
      pushed.push(after);
      passed.push(before);
      passed.pushSilence(frames);
      passed.push(after);
      inUnits.push(before);
      for (let left = frames; left > 0; left -= 1_024) inUnits.pushSilence(Math.min(left, 1_024));
      inUnits.push(after);
      for (const [key, value] of Object.entries(pushed.read())) {
        expect(passed.read()[key as "momentary"]).toBeCloseTo(value as number, 5);
        expect(inUnits.read()[key as "momentary"]).toBeCloseTo(value as number, 5);
      }
    },
  );

  test("24 h of silence cost no memory, and the first minute still counts", () => {
    const meter = new LoudnessMeter();
    const uniform = uniforms(1);
    const noise = Float32Array.from({ length: 2 * SAMPLE_RATE }, () => 0.2 * (uniform() - 0.5));
    for (let n = 0; n < 60; n++) meter.push(noise);
    meter.pushSilence(SAMPLE_RATE);
    const { integrated } = meter.read();
    for (let n = 0; n < 24; n++) meter.pushSilence(3_600 * SAMPLE_RATE);
    expect(meter.read().integrated).toBe(integrated);
  });
});
