import { describe, expect, test } from "vitest";
import { holdUnit } from "../../src/audio/hold.ts";
import { peakOf } from "../../src/audio/pcm.ts";
import { HoldLine } from "../../src/broadcast/hold-line.ts";
import type { HoldWish } from "../../src/broadcast/hold-plan.ts";
import type { HoldSource } from "../../src/broadcast/hold-source.ts";
import { AU_SAMPLES, SAMPLE_RATE, samples } from "../../src/media.ts";
import { Mix, PACKET_FRAMES, packetOf } from "../kit/mix.ts";
import { largestStep } from "../kit/sine.ts";

/** Hold audio on its way into the mix: never beside a host, without a click, and from the right source. */

/**
 * Runs a pipeline for `seconds` on a fake clock. A host, constant at a quarter of full scale, is there from `from` to
 * `to` seconds, and is muted whenever `isMuted` says so.
 */
function run(
  seconds: number,
  from: number,
  to: number,
  wish: (second: number) => HoldWish,
  isMuted: (second: number) => boolean = () => false,
): Float32Array {
  const mix = new Mix(new HoldLine(null, samples(SAMPLE_RATE)));
  const { pipeline } = mix;
  let packet = 0;
  for (let now = 0; now < seconds * SAMPLE_RATE; now += PACKET_FRAMES) {
    const second = now / SAMPLE_RATE;
    pipeline.setHost("host", { gainDb: 0, muted: isMuted(second), level: false });
    if (second >= from && second < to)
      pipeline.hear(
        "host",
        packetOf(packet++, () => 0.25),
        samples(now),
      );
    else if (second >= to + 1) pipeline.retain([]);
    while (pipeline.due <= now) pipeline.advance(samples(now), 6, wish(second));
  }
  return mix.line;
}

test("hold audio is gone before a host's first sample, and comes back after the last, without a step", () => {
  const line = run(80, 5, 65, (second) => (second < 4.5 ? "on" : second < 71 ? "as-is" : "on"));
  const first = line.findIndex((value, i) => value > 0.2 && i > SAMPLE_RATE);
  // The limiter delays sound by 5 ms; the host's own line fades in from silence.
  expect(first / SAMPLE_RATE).toBeGreaterThan(4.9);
  expect(first / SAMPLE_RATE).toBeLessThan(5.3);
  const before = line.subarray(SAMPLE_RATE, 4 * SAMPLE_RATE);
  expect(peakOf(before)).toBeGreaterThan(0.05);
  // While the host is heard it is heard alone: it is constant, and hold audio would change it.
  const beside = line.subarray(first + 4_800, 60 * SAMPLE_RATE);
  expect(beside.subarray(0, 50 * SAMPLE_RATE).findIndex((value) => Math.abs(value - 0.25) > 1e-4)).toBe(-1);
  const after = line.subarray(73 * SAMPLE_RATE, 78 * SAMPLE_RATE);
  expect(peakOf(after)).toBeGreaterThan(0.05);
  expect(largestStep(line.subarray(0, first - 2_000)).step).toBeLessThan(0.012);
  expect(largestStep(line.subarray(70 * SAMPLE_RATE, 78 * SAMPLE_RATE)).step).toBeLessThan(0.012);
});

test("hold audio goes on beside a muted host who talks, and is gone before the host's first sample when the mute ends", () => {
  const line = run(
    20,
    0,
    20,
    (second) => (second > 15 ? "as-is" : "on"),
    (second) => second < 15,
  );
  const first = line.findIndex((value) => Math.abs(value - 0.25) < 1e-4);
  expect(first / SAMPLE_RATE).toBeGreaterThan(15);
  expect(first / SAMPLE_RATE).toBeLessThan(15.2);
  for (let second = 2; second < 15; second++)
    expect(peakOf(line.subarray(second * SAMPLE_RATE, (second + 1) * SAMPLE_RATE))).toBeGreaterThan(0.05);
  // Once the host is heard it is heard alone.
  expect(line.subarray(first).every((value) => Math.abs(value - 0.25) < 1e-4)).toBe(true);
});

describe("the producer's own", () => {
  /** A constant of which `until` access units can be read. */
  const constant = (until: () => number): HoldSource => ({
    has: (n, units) => n + units <= until(),
    unit: () => new Float32Array(2 * AU_SAMPLES).fill(0.3),
    prepare: () => false,
  });
  const pull = (line: HoldLine, n: number) =>
    line.pull(samples(n * AU_SAMPLES), "on", Number.POSITIVE_INFINITY) ?? new Float32Array(0);

  test("is heard where it can be read; when it stops coming it fades into the built-in, without a step", () => {
    const line = new HoldLine(null, samples(0));
    line.play(constant(() => 100));
    const made = Array.from({ length: 140 }, (_, n) => pull(line, n));
    expect(made[60]?.every((value) => Math.abs(value - 0.3) < 1e-6)).toBe(true);
    expect(made[120]).toEqual(holdUnit(120));
    const all = Float32Array.from(made.slice(50, 130).flatMap((unit) => [...unit]));
    expect(largestStep(all, 2, 2).step).toBeLessThan(0.012);
  });

  test("is replaced by the built-in if it can not be read from the beginning", () => {
    const line = new HoldLine(null, samples(0));
    line.play(constant(() => 0));
    for (let n = 0; n < 30; n++) pull(line, n);
    expect(pull(line, 30)).toEqual(holdUnit(30));
  });
});
