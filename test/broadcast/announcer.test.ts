import { describe, expect, test } from "vitest";
import type { Speech } from "../../src/broadcast/announcer.ts";
import { HoldLine } from "../../src/broadcast/hold-line.ts";
import type { HoldSource } from "../../src/broadcast/hold-source.ts";
import { AU_SAMPLES, fromMillis, SAMPLE_RATE, samples } from "../../src/media.ts";
import { Mix, PACKET_FRAMES, packetOf } from "../kit/mix.ts";
import { largestStep } from "../kit/sine.ts";

/**
 * Announcements over hold audio, as they come into the mix: how loud both are, and that neither is heard beside a host.
 */

const HELD = 0.2;
const SAID = 0.3;
/** The level of a constant hold audio under an announcement: -12 dB. */
const UNDER = HELD * 10 ** (-12 / 20);
/** Access units of an announcement: 4 s. */
const UNITS = 188;
/** The largest allowed step between two samples: that of a fade within one access unit from half of full scale. */
const STEP = 0.001;

/**
 * A constant sound of which `until` access units can be read. An announcement fades in over its first access unit and
 * out over its last.
 */
function constant(level: number, until: () => number = () => Number.POSITIVE_INFINITY): HoldSource {
  return {
    has: (n, units) => n + units <= until(),
    unit: (n) => {
      if (n >= until()) throw new Error(`unit ${n} is not there`);
      const pcm = new Float32Array(2 * AU_SAMPLES).fill(level);
      for (let i = 0; i < pcm.length && level === SAID; i++) {
        const frame = Math.floor(i / 2);
        if (n === 0) pcm[i] = (level * frame) / AU_SAMPLES;
        if (n === UNITS - 1) pcm[i] = level * (1 - frame / AU_SAMPLES);
      }
      return pcm;
    },
    prepare: () => false,
  };
}
const speech = (source = constant(SAID), seconds = 10): Speech => ({
  source,
  units: UNITS,
  every: fromMillis(1_000 * seconds),
});

/**
 * Returns the left channel of `seconds` of hold audio; calls `tell` before each access unit with the seconds that have
 * passed.
 */
function hold(line: HoldLine, seconds: number, tell: (second: number) => void = () => {}): Float32Array {
  const units = Math.ceil((seconds * SAMPLE_RATE) / AU_SAMPLES);
  const left = new Float32Array(units * AU_SAMPLES);
  for (let n = 0; n < units; n++) {
    tell((n * AU_SAMPLES) / SAMPLE_RATE);
    const pcm = line.pull(samples(n * AU_SAMPLES), "on", Number.POSITIVE_INFINITY);
    for (let i = 0; i < AU_SAMPLES; i++) left[n * AU_SAMPLES + i] = pcm?.[2 * i] ?? 0;
  }
  return left;
}
const at = (line: Float32Array, second: number) => line[Math.round(second * SAMPLE_RATE)];

describe("over hold audio", () => {
  const made = () => {
    const line = new HoldLine(null, samples(0));
    line.play(constant(HELD));
    return line;
  };

  test("an announcement is heard unchanged over hold audio that is 12 dB lower, at each interval, without a step", () => {
    const line = made();
    line.announce(speech());
    const heard = hold(line, 20);
    for (const second of [1, 2.3, 8, 12.3, 18]) expect(at(heard, second)).toBeCloseTo(HELD, 6);
    for (const second of [3, 6.5, 13, 16.5]) expect(at(heard, second)).toBeCloseTo(SAID + UNDER, 6);
    expect(largestStep(heard).step).toBeLessThan(STEP);
  });

  test("an announcement is left out until all of it can be read, and none of it is made up", () => {
    const line = made();
    let until = 0;
    line.announce(speech(constant(SAID, () => until)));
    const heard = hold(line, 12, (second) => {
      if (second > 5) until = UNITS;
    });
    for (const second of [3, 4.9, 11.5]) expect(at(heard, second)).toBeCloseTo(HELD, 6);
    expect(at(heard, 6)).toBeCloseTo(SAID + UNDER, 6);
  });

  test.each<[string, (line: HoldLine, second: number) => void, () => number]>([
    ["stops coming", () => {}, () => 60],
    ["is taken away", (line, second) => second > 4.2 && line.announce(null), () => UNITS],
  ])("an announcement that %s fades out in one access unit; hold audio comes back", (_, tell, until) => {
    const line = made();
    line.announce(speech(constant(SAID, until), 3_600));
    const heard = hold(line, 8, (second) => tell(line, second));
    expect(at(heard, 3.9)).toBeCloseTo(SAID + UNDER, 6);
    for (const second of [5, 6, 7.5]) expect(at(heard, second)).toBeCloseTo(HELD, 6);
    expect(largestStep(heard).step).toBeLessThan(STEP);
  });

  test("a new announcement is heard next, however long ago the one before was", () => {
    const line = made();
    line.announce(speech(constant(SAID), 3_600));
    const other = speech(constant(0.1), 3_600);
    const heard = hold(line, 16, (second) => second > 9 && line.announce(other));
    expect(at(heard, 8.9)).toBeCloseTo(HELD, 6);
    expect(at(heard, 10)).toBeCloseTo(0.1 + UNDER, 6);
    expect(at(heard, 15)).toBeCloseTo(HELD, 6);
  });
});

test("a host who is heard in the middle of an announcement is heard alone from the first sample on", () => {
  const [seconds, from] = [12, 5];
  const hold = new HoldLine(null, samples(SAMPLE_RATE));
  hold.play(constant(HELD));
  hold.announce(speech());
  const mix = new Mix(hold);
  for (let now = 0, packet = 0; now < seconds * SAMPLE_RATE; now += PACKET_FRAMES) {
    if (now >= from * SAMPLE_RATE)
      mix.pipeline.hear(
        "host",
        packetOf(packet++, () => 0.25),
        samples(now),
      );
    while (mix.pipeline.due <= now)
      mix.pipeline.advance(samples(now), 6, now < 4.5 * SAMPLE_RATE ? "on" : "as-is");
  }
  const { line } = mix;
  expect(at(line, 4.5)).toBeCloseTo(SAID + UNDER, 4);
  // Before the host's own constant there is only the transition to it.
  const alone =
    line.subarray(0, 11 * SAMPLE_RATE).findLastIndex((value) => Math.abs(value - 0.25) > 1e-4) + 1;
  expect(alone / SAMPLE_RATE).toBeLessThan(5.4);
  expect(largestStep(line.subarray(0, alone + 1)).step).toBeLessThan(0.012);
});
