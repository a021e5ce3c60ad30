import { describe, expect, test } from "vitest";
import { TAIL } from "../../src/audio/concealment.ts";
import { PlayoutBuffer } from "../../src/audio/playout-buffer.ts";
import { uniforms } from "../kit/random.ts";
import { largestStep } from "../kit/sine.ts";

/** The buffer from which a line is played: what is read is what was put in, and gaps are concealed. */

/** A voiced sound: a pitch with harmonics. */
function vowel(hertz: number): (sample: number) => number {
  const turn = (2 * Math.PI * hertz) / 48_000;
  return (n) =>
    0.3 * Math.sin(turn * n) + 0.15 * Math.sin(2 * turn * n + 1) + 0.1 * Math.sin(5 * turn * n + 2);
}

function stereo(signal: (sample: number) => number, from: number, count: number): Float32Array {
  return Float32Array.from({ length: 2 * count }, (_, i) => signal(from + (i >> 1)));
}

function left(buffer: PlayoutBuffer, from: number): Float32Array {
  return buffer.data.subarray(2 * from, 2 * buffer.length).filter((_, i) => i % 2 === 0);
}

describe("concealment", () => {
  test.each([70, 110, 220, 347, 400])(
    "of a vowel at %d Hz continues its pitch, fading, without a step",
    (hertz) => {
      const signal = vowel(hertz);
      const buffer = new PlayoutBuffer();
      buffer.append(stereo(signal, 0, 1_500), 0, 1_500, 1);
      const start = buffer.length;
      buffer.conceal(TAIL + 200);
      const tail = left(buffer, start);
      const slope = largestStep(stereo(signal, 0, 3_000).filter((_, i) => i % 2 === 0)).step;
      for (let n = 1; n < tail.length; n++) {
        expect(Math.abs((tail[n] as number) - (tail[n - 1] as number))).toBeLessThan(slope * 1.2);
      }
      expect(Math.abs((tail[0] as number) - signal(1_500 - 1))).toBeLessThan(slope * 1.2);
      // The first 5 ms are what the vowel would have been.
      let wrong = 0;
      let power = 0;
      for (let n = 0; n < 240; n++) {
        wrong += ((tail[n] as number) - signal(1_500 + n)) ** 2;
        power += signal(1_500 + n) ** 2;
      }
      expect(wrong / power).toBeLessThan(0.1);
      expect(tail.subarray(TAIL).every((value) => value === 0)).toBe(true);
    },
  );

  test("of a hum whose pitch is too low to be found still has no step", () => {
    const hum = (n: number) => 0.5 * Math.sin((2 * Math.PI * 30 * n) / 48_000);
    const buffer = new PlayoutBuffer();
    buffer.append(stereo(hum, 0, 1_500), 0, 1_500, 1);
    const start = buffer.length;
    buffer.conceal(TAIL);
    const seam = left(buffer, start - 1);
    for (let n = 1; n < seam.length; n++) {
      expect(Math.abs((seam[n] as number) - (seam[n - 1] as number))).toBeLessThan(0.02);
    }
  });

  test("of noise is no louder than the noise", () => {
    const uniform = uniforms(1);
    const buffer = new PlayoutBuffer();
    buffer.append(
      stereo(() => 0.4 * (2 * uniform() - 1), 0, 1_500),
      0,
      1_500,
      1,
    );
    const start = buffer.length;
    buffer.conceal(TAIL);
    expect(Math.max(...left(buffer, start).map(Math.abs))).toBeLessThan(1.25);
  });

  test("of silence is silence", () => {
    const buffer = new PlayoutBuffer();
    buffer.conceal(500);
    expect(left(buffer, 0).every((value) => value === 0)).toBe(true);
    expect(buffer.zeros).toBe(buffer.length);
  });

  test("is the same in pieces as at once", () => {
    const buffers = [new PlayoutBuffer(), new PlayoutBuffer()] as const;
    for (const buffer of buffers) buffer.append(stereo(vowel(150), 0, 1_500), 0, 1_500, 1);
    buffers[0].conceal(700);
    for (let n = 0; n < 7; n++) buffers[1].conceal(100);
    expect(buffers[1].data).toEqual(buffers[0].data);
  });
});

describe("sound after a gap", () => {
  test("fades in over 5 ms, and is then bit for bit what came", () => {
    const buffer = new PlayoutBuffer();
    const pcm = stereo(vowel(200), 0, 960);
    buffer.conceal(960);
    const start = buffer.length;
    buffer.append(pcm, 0, 960, 1);
    const heard = buffer.data.slice(2 * start, 2 * (start + 960));
    expect(Math.abs(heard[0] as number)).toBeLessThan(1e-3);
    expect(heard.subarray(2 * 240)).toEqual(pcm.subarray(2 * 240));
    expect(heard.subarray(0, 2 * 240)).not.toEqual(pcm.subarray(0, 2 * 240));
  });

  test("that follows a cut has no step", () => {
    const buffer = new PlayoutBuffer();
    buffer.append(
      stereo(() => 0.5, 0, 1_500),
      0,
      1_500,
      1,
    );
    buffer.cut();
    buffer.append(
      stereo(() => -0.5, 0, 960),
      0,
      960,
      1,
    );
    const seam = left(buffer, buffer.length - 1_000);
    for (let n = 1; n < seam.length; n++) {
      expect(Math.abs((seam[n] as number) - (seam[n - 1] as number))).toBeLessThan(0.01);
    }
    expect(seam.at(-1)).toBe(-0.5);
  });
});

describe("at its end the buffer", () => {
  test("counts runs of zeros and of quiet samples, which sound ends", () => {
    const buffer = new PlayoutBuffer();
    buffer.append(
      stereo(() => 0.5, 0, 100),
      0,
      100,
      0.5,
    );
    expect([buffer.zeros, buffer.quiet]).toEqual([0, 0]);
    buffer.append(
      stereo(() => 0.0005, 0, 100),
      0,
      100,
      0.0005,
    );
    expect([buffer.zeros, buffer.quiet]).toEqual([0, 100]);
    buffer.append(new Float32Array(200), 0, 100, 0);
    expect([buffer.zeros, buffer.quiet]).toEqual([100, 200]);
    buffer.conceal(50);
    expect([buffer.zeros, buffer.quiet]).toEqual([0, 0]);
  });

  test("keeps what concealment needs when it is trimmed, and moves nothing else", () => {
    const buffer = new PlayoutBuffer();
    const pcm = stereo(vowel(200), 0, 960);
    for (let n = 0; n < 100; n++) {
      buffer.append(pcm, 0, 960, 1);
      buffer.trim(buffer.length);
    }
    expect(buffer.length).toBeLessThan(1_300);
    expect(buffer.data.slice(2 * (buffer.length - 960), 2 * buffer.length)).toEqual(pcm);
  });
});
