import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildAac } from "../../build/aac.mjs";
import { openAac } from "../../src/audio/aac.ts";
import { Contexts } from "../../src/audio/contexts.ts";
import { bandwidthOf } from "../../src/broadcast/bandwidth.ts";
import { Segmenter } from "../../src/hls/segmenter.ts";
import { AU_SAMPLES, type Frame, type Latency, type Part, PROFILES, samples } from "../../src/media.ts";
import { uniforms } from "../kit/random.ts";

/** No segment exceeds the BANDWIDTH that a multivariant playlist declares (RFC 8216bis section 4.4.6.2). */

await buildAac();
const module = new WebAssembly.Module(readFileSync(new URL("../../dist/aac.wasm", import.meta.url)));
const names = JSON.parse(readFileSync(new URL("../../dist/aac.json", import.meta.url), "utf8"));
const contexts = new Contexts(module, names);

const START = samples(0);

/** Returns the value of both channels at a sample. */
type Signal = (sample: number) => readonly [left: number, right: number];

const uniform = uniforms(5);
const noise = () => 2 * uniform() - 1;
/** Noise for `on` access units, digital silence for `off` access units, and so on. */
const gated =
  (on: number, off: number): Signal =>
  (n) =>
    n % Math.round((on + off) * AU_SAMPLES) < on * AU_SAMPLES ? [noise(), noise()] : [0, 0];

/** Signals without pauses, for the average rate. */
const CONTINUOUS: Readonly<Record<string, Signal>> = {
  noise: () => [noise(), noise()],
  "noise of changing level": (n) => {
    const level = (n >> 14) % 2 === 0 ? 1 : 1e-4;
    return [level * noise(), level * noise()];
  },
  castanets: (n) => {
    const level = Math.exp(-(n % 4_000) / 300);
    return [level * noise(), level * noise()];
  },
};
/** The worst signals found among noise of 0.05 to 3 access units with pauses of 1 to 5 between. */
const BURSTS: Readonly<Record<string, Signal>> = {
  "noise after silence": (n) => (n < 180 * AU_SAMPLES ? [0, 0] : [noise(), noise()]),
  "castanets with pauses": (n) => {
    const level = n % 5_500 < 1_500 ? Math.exp(-(n % 5_500) / 300) : 0;
    return [level * noise(), level * noise()];
  },
  "noise gated 2, 2": gated(2, 2),
  "noise gated 3, 2.5": gated(3, 2.5),
  "noise gated 2, 1.5": gated(2, 1.5),
};

function encode(signal: Signal, bitrate: number): Frame[] {
  const encoder = openAac(contexts, { bitrate, at: START });
  const frames: Frame[] = [];
  const data = new Float32Array(2 * AU_SAMPLES);
  for (let unit = 0; unit < 363; unit++) {
    for (let n = 0; n < AU_SAMPLES; n++) data.set(signal(unit * AU_SAMPLES + n), 2 * n);
    frames.push(...encoder.push({ at: samples(unit * AU_SAMPLES), data }));
  }
  encoder.close();
  return frames;
}

/** Returns the rates of the segments that `frames` make, bit/s: the highest, and the average of all. */
function ratesOf(frames: readonly Frame[], latency: Latency) {
  const segmenter = new Segmenter(PROFILES[latency], { msn: 0, at: START });
  const segments: (readonly Part[])[] = [];
  let parts: Part[] = [];
  for (const { part, closes } of frames.flatMap((frame) => segmenter.push(frame))) {
    parts.push(part);
    if (!closes) continue;
    segments.push(parts);
    parts = [];
  }
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const bitsOf = (segment: readonly Part[]) => 8 * sum(segment.map(({ bytes }) => bytes.length));
  const secondsOf = (segment: readonly Part[]) => sum(segment.map(({ duration }) => duration)) / 48_000;
  return {
    peak: Math.max(...segments.map((segment) => bitsOf(segment) / secondsOf(segment))),
    average: sum(segments.map(bitsOf)) / sum(segments.map(secondsOf)),
  };
}

test.each([64_000, 96_000, 128_000, 160_000, 192_000, 256_000])(
  "%d bit/s: no segment exceeds BANDWIDTH, and the average of steady sound does not exceed AVERAGE-BANDWIDTH",
  { timeout: 120_000 },
  (bitrate) => {
    const { bandwidth, averageBandwidth } = bandwidthOf(bitrate);
    const steady = Object.values(CONTINUOUS).map((signal) => ratesOf(encode(signal, bitrate), "low"));
    const encoded = Object.values(BURSTS).map((signal) => encode(signal, bitrate));
    const bursts = encoded.map((frames) => ratesOf(frames, "low"));
    const others = (["balanced", "economy"] as const).flatMap((latency) =>
      encoded.map((frames) => ratesOf(frames, latency)),
    );
    const peak = Math.max(...[...steady, ...bursts, ...others].map((rates) => rates.peak));
    const average = Math.max(...steady.map((rates) => rates.average));
    console.log(
      `${bitrate}: worst segment ${Math.round(peak)} (declared ${bandwidth}), average ${Math.round(average)} (${averageBandwidth})`,
    );
    expect(peak).toBeLessThanOrEqual(bandwidth);
    expect(average).toBeLessThanOrEqual(averageBandwidth);
    // The declared rates are at most a tenth above the measured ones.
    expect(bandwidth / peak).toBeLessThan(1.1);
    expect(averageBandwidth / average).toBeLessThan(1.1);
  },
);
