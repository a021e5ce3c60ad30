import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildAac } from "../../build/aac.mjs";
import { SpokenSignal } from "../../local/host/signal.ts";
import { openAac } from "../../src/audio/aac.ts";
import { Contexts } from "../../src/audio/contexts.ts";
import { initSegment } from "../../src/hls/cmaf.ts";
import { Segmenter } from "../../src/hls/segmenter.ts";
import { AU_SAMPLES, type Frame, PROFILES, SAMPLE_RATE, samples } from "../../src/media.ts";
import { decode } from "../kit/program.ts";
import { adts } from "./adts.ts";

// Silence, speech, silence, speech, silence is cut into parts, concatenated, and decoded by ffmpeg: the result equals
// one continuous encode, without clicks at the borders.

const BITRATE = 128_000;
const START = samples(0);
await buildAac();
const wasm = new WebAssembly.Module(readFileSync(new URL("../../dist/aac.wasm", import.meta.url)));
const names = JSON.parse(readFileSync(new URL("../../dist/aac.json", import.meta.url), "utf8"));

/** 24 s, interleaved stereo: speech from 4 s to 10 s and from 14 s to 20 s, switched hard on and off. */
function talk(): Float32Array {
  const signal = new SpokenSignal({ startMillis: 0 });
  const data = Float32Array.from(signal.read(24 * SAMPLE_RATE), (sample) => sample / 32_768);
  for (const [from, to] of [
    [0, 4],
    [10, 14],
    [20, 24],
  ] as const) {
    data.fill(0, from * 2 * SAMPLE_RATE, to * 2 * SAMPLE_RATE);
  }
  return data;
}

/** Encodes in pieces of `frames` sample frames. */
function encode(data: Float32Array, frames: number): { units: Frame[]; config: Uint8Array } {
  const encoder = openAac(new Contexts(wasm, names), { bitrate: BITRATE, at: START });
  const units: Frame[] = [];
  for (let at = 0; at < data.length / 2; at += frames) {
    const piece = data.subarray(at * 2, (at + frames) * 2);
    units.push(...encoder.push({ at: samples(at), data: piece }));
  }
  return { units: [...units, ...encoder.flush()], config: encoder.config };
}

test.each(["low", "balanced", "economy"] as const)(
  "%s: the concatenated parts decode to the samples of one continuous encode",
  async (latency) => {
    const data = talk();
    const { units, config } = encode(data, 960);
    const segmenter = new Segmenter(PROFILES[latency], { msn: 0, at: START });
    const cuts = [...units.flatMap((unit) => segmenter.push(unit)), ...segmenter.flush()];
    expect(cuts.length).toBe(Math.ceil(units.length / PROFILES[latency].partUnits));
    const file = Buffer.concat([
      initSegment(config, { bitrate: BITRATE }),
      ...cuts.map(({ part }) => part.bytes),
    ]);
    const cut = await decode(file, "mp4");

    const continuous = await decode(
      adts(encode(data, data.length / 2).units.map(({ bytes }) => bytes)),
      "aac",
    );
    expect(cut.length).toBe(units.length * AU_SAMPLES);
    expect(Buffer.from(cut.buffer).equals(Buffer.from(continuous.buffer))).toBe(true);

    // No sample in a part's first or last access unit is further from the input than the samples inside parts are.
    const { border, inside } = errors(cut, data, PROFILES[latency].partUnits);
    expect(border).toBeLessThanOrEqual(inside * 1.5);
  },
);

test("silence that skips the encoder decodes like continuously encoded silence, without a click at its borders", async () => {
  const data = talk();
  const context = new Contexts(wasm, names).open(BITRATE);
  const packets: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += 2 * AU_SAMPLES) {
    packets.push(...context.encode(data.slice(at, at + 2 * AU_SAMPLES)));
  }
  const continuous = await decode(adts([...packets, ...context.flush()].slice(1)), "aac");
  const skipping = await decode(adts(encode(data, AU_SAMPLES).units.map(({ bytes }) => bytes)), "aac");
  expect(skipping.length).toBe(24 * SAMPLE_RATE);
  // Within three access units of each place where sound begins or ends, no sample is further off than with continuous
  // encoding.
  const worst = (decoded: Float32Array, from: number, to: number) => {
    let most = 0;
    for (let i = from; i < to; i++) most = Math.max(most, Math.abs((decoded[i] ?? 0) - (data[2 * i] ?? 0)));
    return most;
  };
  for (const second of [4, 10, 14, 20]) {
    const [from, to] = [second * SAMPLE_RATE - 3 * AU_SAMPLES, second * SAMPLE_RATE + 3 * AU_SAMPLES];
    expect(worst(skipping, from, to)).toBeLessThanOrEqual(1.1 * worst(continuous, from, to));
  }
  for (const [from, to] of [
    [0.1, 3.9],
    [10.1, 13.9],
    [20.1, 23.9],
  ] as const) {
    expect(worst(skipping, from * SAMPLE_RATE, to * SAMPLE_RATE)).toBe(0);
  }
});

/** Returns the largest difference from the encoder's input: in access units at a part's border, and in all others. */
function errors(decoded: Float32Array, data: Float32Array, partUnits: number) {
  let border = 0;
  let inside = 0;
  for (let i = 0; i < decoded.length; i++) {
    const error = Math.abs((decoded[i] ?? 0) - (data[2 * i] ?? 0));
    const unit = Math.floor(i / AU_SAMPLES) % partUnits;
    if (unit === 0 || unit === partUnits - 1) border = Math.max(border, error);
    else inside = Math.max(inside, error);
  }
  return { border, inside };
}
