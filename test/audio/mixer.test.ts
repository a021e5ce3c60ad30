import { expect, test } from "vitest";
import { LOOK_AHEAD } from "../../src/audio/limiter.ts";
import { Mixer } from "../../src/audio/mixer.ts";
import { uniforms } from "../kit/random.ts";

/** Hosts are added up. How the sum is held below the ceiling is tested in limiter.test.ts. */

function noise(seed: number, frames: number, amplitude: number): Float32Array {
  const uniform = uniforms(seed);
  return Float32Array.from({ length: 2 * frames }, () => amplitude * (2 * uniform() - 1));
}

/** The output of a new mixer for `lines`, without the look-ahead's delay. */
function mix(lines: readonly Float32Array[]): Float32Array {
  const mixer = new Mixer();
  const first = mixer.mix(lines, 960).subarray(2 * LOOK_AHEAD);
  const rest = mixer.mix([], LOOK_AHEAD);
  expect(mixer.isEmpty).toBe(true);
  return Float32Array.from([...first, ...rest]);
}

test("no lines give silence", () => {
  expect(mix([])).toEqual(new Float32Array(1920));
});

test("a single line passes bit for bit, as a copy", () => {
  const line = noise(1, 960, 0.4);
  const before = line.slice();
  expect(mix([line])).toEqual(line);
  expect(line).toEqual(before);
});

test("two lines below the ceiling give their sum", () => {
  const a = noise(1, 960, 0.2);
  const b = noise(2, 960, 0.2);
  expect(mix([a, b])).toEqual(a.map((value, i) => value + (b[i] as number)));
});

test("a sum above the ceiling is limited", () => {
  const a = noise(1, 960, 1);
  const peak = mix([a, a, a]).reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
  expect(peak).toBeLessThan(10 ** (-1 / 20));
});

test("a mixer is not empty while mixed sound has yet to come out", () => {
  const mixer = new Mixer();
  mixer.mix([noise(1, 960, 0.4)], 960);
  expect(mixer.isEmpty).toBe(false);
});

test("a line of another length is an error", () => {
  expect(() => new Mixer().mix([new Float32Array(10)], 960)).toThrow(RangeError);
});
