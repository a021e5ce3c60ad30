import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildAac } from "../../build/aac.mjs";
import { SpokenSignal } from "../../local/host/signal.ts";
import { encodePacket } from "../../local/sfu/packet.ts";
import { openAac } from "../../src/audio/aac.ts";
import { Contexts } from "../../src/audio/contexts.ts";
import type { Encoder } from "../../src/audio/encoder.ts";
import { HoldLine } from "../../src/broadcast/hold-line.ts";
import type { HoldWish } from "../../src/broadcast/hold-plan.ts";
import { Pipeline } from "../../src/broadcast/pipeline.ts";
import { initSegment } from "../../src/hls/cmaf.ts";
import { mediaPlaylist } from "../../src/hls/playlist.ts";
import { type Cut, Segmenter } from "../../src/hls/segmenter.ts";
import { addCut, emptyWindow } from "../../src/hls/window.ts";
import { type Pcm, PROFILES, SAMPLE_RATE, samples } from "../../src/media.ts";
import { names } from "../../src/paths.ts";
import { decode } from "../kit/program.ts";
import { largestStep } from "../kit/sine.ts";

// Silence, hold audio, a host, hold audio again: compares what ffmpeg decodes of the parts with what was mixed, sample
// by sample. There is no click or discontinuity at a border.

const BITRATE = 128_000;
const START = samples(0);
/** Sample frames of a host's packet. */
const FRAMES = 960;
const SECONDS = 82;
/** When listeners come, the host begins, the host leaves, and hold audio may begin again, seconds. */
const [LISTENERS, BEGINS, LEAVES, AGAIN] = [6, 16, 66, 72];

await buildAac();
const wasm = new WebAssembly.Module(readFileSync(new URL("../../dist/aac.wasm", import.meta.url)));
const aacNames = JSON.parse(readFileSync(new URL("../../dist/aac.json", import.meta.url), "utf8"));

/** The real encoder, which also keeps the left channel of its input. */
class Kept implements Encoder {
  readonly mixed = new Float32Array((SECONDS + 1) * SAMPLE_RATE);
  readonly #aac = openAac(new Contexts(wasm, aacNames), { bitrate: BITRATE, at: START });

  get config(): Uint8Array {
    return this.#aac.config;
  }

  push(pcm: Pcm) {
    for (let i = 0; i < pcm.data.length / 2; i++) this.mixed[pcm.at + i] = pcm.data[2 * i] as number;
    return this.#aac.push(pcm);
  }

  pushSilence(units: number) {
    return this.#aac.pushSilence(units);
  }

  flush() {
    return this.#aac.flush();
  }

  close() {
    this.#aac.close();
  }
}

/** Runs a show on a fake clock; returns its cuts and the mixed signal. */
function show(): { cuts: readonly Cut[]; mixed: Float32Array; config: Uint8Array } {
  const encoder = new Kept();
  const segmenter = new Segmenter(PROFILES.low, { msn: 0, at: START });
  const pipeline = new Pipeline(encoder, segmenter, START, new HoldLine(null, samples(SAMPLE_RATE)));
  const voice = new SpokenSignal({ startMillis: 0 });
  const wishAt = (second: number): HoldWish => {
    if (second < LISTENERS) return "off";
    return second >= BEGINS - 0.5 && second < AGAIN ? "as-is" : "on";
  };
  const cuts: Cut[] = [];
  for (let now = 0, packet = 1; now < SECONDS * SAMPLE_RATE; now += FRAMES) {
    const second = now / SAMPLE_RATE;
    if (second >= BEGINS && second < LEAVES) {
      const payload = new Uint8Array(voice.read(FRAMES).buffer);
      pipeline.hear(
        "host",
        encodePacket({ sequenceNumber: packet, timestamp: packet++ * FRAMES, payload }),
        samples(now),
      );
    } else if (second >= LEAVES + 1) pipeline.retain([]);
    while (pipeline.due <= now) cuts.push(...pipeline.advance(samples(now), 6, wishAt(second)));
  }
  return { cuts: [...cuts, ...pipeline.finish()], mixed: encoder.mixed, config: encoder.config };
}

type Span = readonly [from: number, to: number];
/** Spans in which only hold audio, or only the host, is heard, seconds. */
const HOLD: Span = [LISTENERS + 2, BEGINS - 1];
const HOST: Span = [BEGINS + 2, LEAVES - 1];
/** The span around each border, and the louder of the two sounds that meet there. */
const BORDERS: readonly (readonly [name: string, span: Span, louder: Span])[] = [
  ["silence to hold audio", [LISTENERS - 1.5, LISTENERS + 1], HOLD],
  ["hold audio to a host", [BEGINS - 0.7, BEGINS + 1], HOST],
  ["a host to silence", [LEAVES - 0.5, LEAVES + 1], HOST],
  ["silence to hold audio, again", [AGAIN - 1.5, AGAIN + 1], HOLD],
];

let cuts: readonly Cut[];
let mixed: Float32Array;
let decoded: Float32Array;
beforeAll(async () => {
  const made = show();
  ({ cuts, mixed } = made);
  const init = initSegment(made.config, { bitrate: BITRATE });
  decoded = await decode(Buffer.concat([init, ...cuts.map(({ part }) => part.bytes)]), "mp4");
});

/** Returns the largest step from a sample to the next in a span. */
const stepIn = (line: Float32Array, [from, to]: Span) =>
  largestStep(line.subarray(from * SAMPLE_RATE, to * SAMPLE_RATE), 1, 1).step;

/**
 * Returns how far the decoded sound is from the mixed sound in a span: the largest difference, and the whole error
 * relative to the sound, dB.
 */
function errorIn([from, to]: Span): { most: number; db: number } {
  let [most, error, power] = [0, 0, 0];
  for (let i = Math.round(from * SAMPLE_RATE); i < to * SAMPLE_RATE; i++) {
    const difference = (decoded[i] as number) - (mixed[i] as number);
    most = Math.max(most, Math.abs(difference));
    error += difference ** 2;
    power += (mixed[i] as number) ** 2;
  }
  return { most, db: 10 * Math.log10(error / power) };
}

test("the parts follow each other on one timeline, and no playlist has a discontinuity", () => {
  let window = emptyWindow(PROFILES.low, {
    epoch: "mwq4yx3z",
    msn: 0,
    at: START,
    startedAt: Date.UTC(2026, 10, 21),
  });
  let next: number = START;
  for (const cut of cuts) {
    expect(cut.part.at).toBe(next);
    next = cut.part.at + cut.part.duration;
    window = addCut(window, cut);
    expect(mediaPlaylist(window, names)).not.toMatch(/^#EXT-X-(DISCONTINUITY|GAP)$/m);
  }
  // The last segment is three access units of silence (Pipeline.finish).
  expect(decoded.length).toBe(next);
});

test("hold audio and the host are decoded as they were mixed", () => {
  for (const [what, span, below] of [
    ["hold audio", HOLD, -40],
    ["a host", HOST, -25],
    ["hold audio, again", [AGAIN + 2, SECONDS - 2], -40],
  ] as const) {
    const { most, db } = errorIn(span);
    console.log(
      `${what}: decoded ${db.toFixed(1)} dB off, at most ${most.toFixed(4)}; step ${stepIn(mixed, span).toFixed(4)}`,
    );
    expect(db).toBeLessThan(below);
  }
  // Where there is no sound, all samples are zero.
  for (const [from, to] of [
    [0.1, LISTENERS - 1.5],
    [LEAVES + 1, AGAIN - 1.5],
  ] as const)
    expect(decoded.subarray(from * SAMPLE_RATE, to * SAMPLE_RATE).some((value) => value !== 0)).toBe(false);
});

describe.each(BORDERS)("from %s", (name, span, louder) => {
  test("the decoded sound has its place in the mix, to the sample", () => {
    const [from, to] = [Math.round(span[0] * SAMPLE_RATE), Math.round(span[1] * SAMPLE_RATE)];
    const likeness = (lag: number) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += (decoded[i + lag] as number) * (mixed[i] as number);
      return sum;
    };
    const lags = Array.from({ length: 2 * 32 + 1 }, (_, n) => n - 32).concat([-2_048, -1_024, 1_024, 2_048]);
    const best = lags.reduce((a, b) => (likeness(b) > likeness(a) ? b : a), 0);
    expect(best).toBe(0);
  });

  test("the decoded sound is no further off than elsewhere, and has no larger step than the mix", () => {
    const inside = errorIn(louder).most;
    const { most, db } = errorIn(span);
    const [mixedStep, step] = [stepIn(mixed, span), stepIn(decoded, span)];
    console.log(
      `${name}: decoded ${db.toFixed(1)} dB off, at most ${most.toFixed(4)} (${inside.toFixed(4)} elsewhere); step ${step.toFixed(4)} of ${mixedStep.toFixed(4)} mixed`,
    );
    expect(most).toBeLessThanOrEqual(inside);
    expect(step).toBeLessThanOrEqual(Math.max(mixedStep, stepIn(decoded, louder)));
  });
});
