import { describe, expect, test } from "vitest";
import { Loop, SEAM } from "../../src/audio/loop.ts";
import { uniforms } from "../kit/random.ts";
import { largestStep } from "../kit/sine.ts";

/** A sound made into a loop: no step at its seam, as long as before, and unchanged before its last 50 ms. */

/** `pcm` as a loop, pushed in pieces of as many sample frames as `next` says. */
function looped(pcm: Float32Array, next: () => number): Float32Array {
  const loop = new Loop();
  const out = new Float32Array(pcm.length);
  let filled = 0;
  for (let at = 0; at < pcm.length; ) {
    const end = Math.min(pcm.length, at + 2 * next());
    const made = loop.push(pcm.slice(at, end));
    out.set(made, filled);
    filled += made.length;
    at = end;
  }
  out.set(loop.flush(), filled);
  return out;
}

/** Interleaved stereo of `frames` sample frames. */
const stereo = (frames: number, left: (n: number) => number, right = left) =>
  Float32Array.from({ length: 2 * frames }, (_, i) => (i % 2 ? right : left)(i >> 1));

/** The largest step from one sample frame to the next, of either channel. */
const stepIn = (pcm: Float32Array) => largestStep(pcm, 2, 2).step;

/** The sound around the seam: the last 100 ms of a round, and the first 100 ms after it. */
function seamOf(pcm: Float32Array): Float32Array {
  const [end, next] = [pcm.slice(-2 * 2 * SEAM), pcm.slice(2 * SEAM, 2 * 3 * SEAM)];
  return Float32Array.from([...end, ...next]);
}

const FRAMES = 48_000;
const uniform = uniforms(1);
/** Sounds that end at another value than they begin with. */
const PIECES: Readonly<Record<string, Float32Array>> = {
  "a sine that ends at its crest": stereo(
    FRAMES,
    (n) => 0.5 * Math.sin((2 * Math.PI * 220.25 * n) / 48_000),
    (n) => 0.4 * Math.cos((2 * Math.PI * 331.5 * n) / 48_000),
  ),
  "a constant that ends as the opposite": stereo(
    FRAMES,
    (n) => (n < FRAMES / 2 ? 1 : -1) * 0.5 * Math.cos((Math.PI * n) / FRAMES) ** 2,
  ),
  "a ramp from bottom to top": stereo(FRAMES, (n) => (2 * n) / FRAMES - 1),
};

describe.each(Object.entries(PIECES))("%s", (_, pcm) => {
  const loop = looped(pcm, () => 1_024);

  test("repeats without a step", () => {
    // Played end to beginning unchanged, the sound has a step that can be heard.
    const before = stepIn(Float32Array.from([...pcm.slice(-200), ...pcm.slice(0, 200)]));
    const own = stepIn(pcm);
    const seam = stepIn(seamOf(loop));
    console.log(
      `largest step ${own.toFixed(5)} in it, ${seam.toFixed(5)} at its seam, ${before.toFixed(5)} without one`,
    );
    expect(before).toBeGreaterThan(10 * own);
    // Two stretches of it side by side, and the fade between them: at most from -1 to 1, at a half cosine's steepest.
    expect(seam).toBeLessThan(2 * own + (2 * Math.PI) / 2 / SEAM);
  });

  test("is as long as before, and unchanged up to its last 50 ms", () => {
    expect(loop.length).toBe(pcm.length);
    expect(loop.subarray(0, -2 * SEAM)).toEqual(pcm.subarray(0, -2 * SEAM));
    expect(loop.subarray(-2 * SEAM, -2 * SEAM + 2)).toEqual(pcm.subarray(-2 * SEAM, -2 * SEAM + 2));
  });

  test("is the same in pieces of any length", () => {
    for (const next of [
      () => 37,
      () => 2_399,
      () => 2_401,
      () => FRAMES,
      () => Math.floor(uniform() ** 3 * 9_000),
    ])
      expect(looped(pcm, next)).toEqual(loop);
  });
});
