import { Aligner } from "../../src/audio/align.ts";
import { HOLD } from "../../src/audio/delay.ts";
import type { PcmPacket } from "../../src/audio/pcm.ts";
import { AU_SAMPLES, type Samples, samples } from "../../src/media.ts";

/** A seeded generator of uniform numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Rehearsal {
  readonly seconds: number;
  /** What the host says at a sample of its own clock, the same in both channels. */
  readonly signal: (sample: number) => number;
  /** The host's clock against the show's. */
  readonly ppm?: number;
  readonly frames?: number;
  /** When copies of the packet arrive, in samples after it was complete; [] is a lost one. Default [0]. */
  readonly network?: (packet: number) => readonly number[];
  readonly marks?: (packet: number) => { sequenceNumber: number; timestamp: number };
  /** When the show stands still, in samples, in order: what arrives and what is due meanwhile waits for the end of it. */
  readonly halts?: readonly { readonly from: number; readonly until: number }[];
  readonly aligner?: Aligner;
  /** Called with what each pull gave. */
  readonly hear?: (at: Samples, pcm: Float32Array, aligner: Aligner) => void;
}

/** The host's first packet is complete here. */
export const FIRST = 4_800;
/** The furthest a network may delay a packet. */
const REACH = 10 * 48_000;

/** A host with a clock of its own and a network, and a show that pulls in real time: all by a fake clock. */
export function rehearse(rehearsal: Rehearsal): { aligner: Aligner; line: Float32Array } {
  const { seconds, signal, ppm = 0, frames = 960 } = rehearsal;
  const network = rehearsal.network ?? (() => [0]);
  const marks =
    rehearsal.marks ??
    ((n) => ({ sequenceNumber: (4_294_967_290 + n) >>> 0, timestamp: (4_294_900_000 + n * frames) >>> 0 }));
  const heardAt = (time: number) =>
    rehearsal.halts?.find(({ from, until }) => from <= time && time < until)?.until ?? time;
  const aligner = rehearsal.aligner ?? new Aligner();
  const total = Math.floor((seconds * 48_000) / AU_SAMPLES) * AU_SAMPLES;
  const line = new Float32Array(total);
  const flying: { arrival: number; packet: PcmPacket }[] = [];
  for (let n = 0; ; n++) {
    const complete = FIRST + (n * frames) / (1 + ppm * 1e-6);
    if (complete > total + REACH) break;
    const pcm = new Float32Array(2 * frames);
    for (let i = 0; i < frames; i++) pcm[2 * i] = pcm[2 * i + 1] = signal(n * frames + i);
    for (const delay of network(n)) {
      flying.push({ arrival: Math.round(complete + delay), packet: { ...marks(n), pcm } });
    }
  }
  flying.sort((a, b) => a.arrival - b.arrival);
  let landed = 0;
  for (let at = 0; at < total; at += AU_SAMPLES) {
    for (; landed < flying.length; landed++) {
      const { arrival, packet } = flying[landed] as { arrival: number; packet: PcmPacket };
      const due = samples(at + AU_SAMPLES + HOLD);
      if (arrival > heardAt(due)) break;
      aligner.push(packet, samples(heardAt(arrival)), due);
    }
    const pcm = aligner.pull(samples(at), AU_SAMPLES);
    for (let i = 0; i < AU_SAMPLES; i++) line[at + i] = pcm[2 * i] as number;
    rehearsal.hear?.(samples(at), pcm, aligner);
  }
  return { aligner, line };
}

/** The largest step from one sample to the next, with its place. */
export function largestStep(line: Float32Array): { step: number; at: number } {
  let largest = { step: Math.abs(line[0] as number), at: 0 };
  for (let at = 1; at < line.length; at++) {
    const step = Math.abs((line[at] as number) - (line[at - 1] as number));
    if (step > largest.step) largest = { step, at };
  }
  return largest;
}

/** A sine of `hertz`, and its largest step at 48 kHz. */
export function sine(hertz: number, amplitude = 0.5) {
  const turn = (2 * Math.PI * hertz) / 48_000;
  return { signal: (sample: number) => amplitude * Math.sin(turn * sample), slope: amplitude * turn };
}

/** Exponential jitter of mean `mean` ms, at most `cap` ms, on a network that keeps order: in samples. */
export function jitter(seed: number, mean: number, cap: number, frames = 960): (packet: number) => number[] {
  const uniform = random(seed);
  let last = Number.NEGATIVE_INFINITY;
  return (packet) => {
    const delay = 48 * Math.min(cap, -Math.log(1 - uniform()) * mean);
    last = Math.max(last, packet * frames + delay);
    return [last - packet * frames];
  };
}
