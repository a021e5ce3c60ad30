import { expect, test } from "vitest";
import { Aligner } from "../../src/audio/aligner.ts";
import { AU_SAMPLES, fromMillis, SAMPLE_RATE, samples } from "../../src/media.ts";
import { bytesInUse } from "../kit/heap.ts";
import { jitter, Puller } from "./host.ts";

/**
 * Two hours of a host whose clock is off, on a fake clock: 69,000 samples of drift, and both of its counters wrap. To keep the
 * test affordable, the host is silent except for one second a minute. The line is told not to use the silence, so that drift is
 * absorbed as under unbroken speech.
 */

const HOURS = 2;
const FRAMES = 960;
/** Packets in a minute, and those at its start that have sound. */
const MINUTE = 3_000;
const SOUNDING = 50;
const HERTZ = 400;
const AMPLITUDE = 0.5;

/**
 * 400 Hz has whole periods in a packet. The second swells and fades, so that it has no corner at which a resampler would ring.
 */
const second = Array.from({ length: SOUNDING }, (_, packet) => {
  const pcm = new Float32Array(2 * FRAMES);
  for (let i = 0; i < FRAMES; i++) {
    const swell = Math.sin((Math.PI * (packet * FRAMES + i)) / (SOUNDING * FRAMES)) ** 2;
    pcm[2 * i] = pcm[2 * i + 1] = AMPLITUDE * swell * Math.sin((2 * Math.PI * HERTZ * i) / SAMPLE_RATE);
  }
  return pcm;
});
const silence = new Float32Array(2 * FRAMES);
const nothing = new Float32Array(2 * AU_SAMPLES);
const bytesOf = (pcm: Float32Array) => new Uint8Array(pcm.buffer);

async function hours(ppm: number, network: (packet: number) => number[]) {
  const aligner = new Aligner({ fasterWhenQuiet: false });
  const arrivalOf = (n: number) =>
    Math.round(4_800 + ((n + 1) * FRAMES) / (1 + ppm * 1e-6) + (network(n)[0] as number));
  const depth = { least: Number.POSITIVE_INFINITY, most: 0 };
  const heap: number[] = [];
  let said = 0;
  let sounding = 0;
  let step = 0;
  let before = 0;
  let packet = 0;
  const socket = {
    arrival: arrivalOf(0),
    take() {
      const sequenceNumber = (4_294_800_000 + packet) >>> 0;
      const timestamp = (4_000_000_000 + packet * FRAMES) >>> 0;
      const pcm = second[packet % MINUTE];
      if (pcm !== undefined) said += FRAMES;
      this.arrival = arrivalOf(++packet);
      return { sequenceNumber, timestamp, pcm: pcm ?? silence };
    },
  };
  const show = new Puller(aligner, socket);
  for (let at = 0; at < HOURS * 3_600 * SAMPLE_RATE; at += AU_SAMPLES) {
    const pcm = show.pull(samples(at));
    // Most blocks are digital silence and are recognised as fast as memory is compared.
    if (before !== 0 || Buffer.compare(bytesOf(pcm), bytesOf(nothing)) !== 0) {
      for (let i = 0; i < pcm.length; i += 2) {
        const value = pcm[i] as number;
        step = Math.max(step, Math.abs(value - before));
        if (value !== 0) sounding++;
        before = value;
      }
    }
    if (at % (300 * SAMPLE_RATE) < AU_SAMPLES) heap.push(await bytesInUse());
    if (at < SAMPLE_RATE) continue;
    depth.least = Math.min(depth.least, aligner.stats.depth);
    depth.most = Math.max(depth.most, aligner.stats.depth);
  }
  return { aligner, depth, step, sounding: sounding / said, heap };
}

test.each([200, -200])(
  "%d ppm for 2 h: never more than 60 ms deep, no click, no gap, no growth of memory",
  async (ppm) => {
    const { aligner, depth, step, sounding, heap } = await hours(ppm, jitter(17, 3, 20));
    expect(depth.least).toBeGreaterThan(AU_SAMPLES);
    expect(depth.most).toBeLessThan(fromMillis(60));
    expect(step).toBeLessThan(((2 * Math.PI * HERTZ) / SAMPLE_RATE) * AMPLITUDE * 1.01);
    expect(aligner.stats).toMatchObject({ late: 0, duplicate: 0, reordered: 0, concealedSamples: 0 });
    expect(aligner.stats).toMatchObject({ resyncs: 0, droppedSamples: 0 });
    expect(Math.abs(aligner.stats.ppm - ppm)).toBeLessThan(25);
    // As many samples were heard as were spoken.
    expect(sounding).toBeCloseTo(1, 2);
    // Compares the first half hour with the last, by the least of each: memory that is not collected yet would come on top.
    const first = Math.min(...heap.slice(0, 6));
    expect(Math.min(...heap.slice(-6)) - first).toBeLessThan(250_000);
  },
  120_000,
);
