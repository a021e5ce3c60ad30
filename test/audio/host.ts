import { Aligner } from "../../src/audio/aligner.ts";
import type { PcmPacket } from "../../src/audio/pcm.ts";
import { Schedule } from "../../src/broadcast/schedule.ts";
import { AU_SAMPLES, type Samples, samples } from "../../src/media.ts";
import { uniforms } from "../kit/random.ts";

interface Pulled {
  readonly at: Samples;
  readonly pcm: Float32Array;
  readonly aligner: Aligner;
  readonly late: number;
}

export interface Rehearsal {
  readonly seconds: number;
  /** The host's sample at an index of its own clock, the same in both channels. */
  readonly signal: (sample: number) => number;
  /** How much faster the host's clock is than the show's, ppm. */
  readonly ppm?: number;
  readonly frames?: number;
  /** When copies of the packet arrive, in samples after it was complete; [] means that it is lost. Default [0]. */
  readonly network?: (packet: number) => readonly number[];
  readonly marks?: (packet: number) => { sequenceNumber: number; timestamp: number };
  /** When the show stands still, in samples, in order: what arrives or is due meanwhile waits for the end of the halt. */
  readonly halts?: readonly { readonly from: number; readonly until: number }[];
  readonly aligner?: Aligner;
  /** Called with the result of each pull, and how long after its last sample's time the pull came. */
  readonly hear?: (pulled: Pulled) => void;
}

/** When the host's first packet is complete, samples. */
export const FIRST = 4_800;
/** The longest delay that a network may add to a packet, samples. */
const REACH = 10 * 48_000;

/** Runs a host with a clock and a network of its own, and a show that pulls as soon as it can, on a fake clock. */
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
  const socket = {
    get arrival() {
      return flying[landed]?.arrival ?? Number.POSITIVE_INFINITY;
    },
    take: () => (flying[landed++] as { packet: PcmPacket }).packet,
  };
  const show = new Puller(aligner, socket, heardAt);
  for (let at = 0; at < total; at += AU_SAMPLES) {
    const pcm = show.pull(samples(at));
    for (let i = 0; i < AU_SAMPLES; i++) line[at + i] = pcm[2 * i] as number;
    rehearsal.hear?.({ at: samples(at), pcm, aligner, late: show.now - at - AU_SAMPLES });
  }
  return { aligner, line };
}

/**
 * A show that pulls a host's line as soon as it can, on a fake clock. `heardAt` says when the show notices what happens at a
 * given time.
 */
export class Puller {
  readonly #aligner: Aligner;
  readonly #socket: { readonly arrival: number; take(): PcmPacket };
  readonly #heardAt: (time: number) => number;
  readonly #schedule = new Schedule();
  now = 0;

  /** @param socket the next packet, and when it arrives */
  constructor(
    aligner: Aligner,
    socket: { readonly arrival: number; take(): PcmPacket },
    heardAt = (time: number) => time,
  ) {
    this.#aligner = aligner;
    this.#socket = socket;
    this.#heardAt = heardAt;
  }

  /** The access unit from `at` on, pulled once it is there or overdue. */
  pull(at: Samples): Float32Array {
    const [aligner, schedule, ready] = [this.#aligner, this.#schedule, samples(at + AU_SAMPLES)];
    for (;;) {
      const next = { ready, isWhole: aligner.has(at, AU_SAMPLES), deadline: aligner.deadline(ready) };
      if (schedule.isDue(next, samples(this.now))) return aligner.pull(at, AU_SAMPLES);
      const due = this.#heardAt(schedule.due(next));
      const arrival = this.#heardAt(this.#socket.arrival);
      this.now = Math.max(this.now, Math.min(arrival, due));
      if (arrival > due) continue;
      aligner.push(this.#socket.take(), samples(arrival), schedule.lateFrom(next));
    }
  }
}

/** Exponential jitter on a network that keeps packets in order, in samples: of mean `mean` ms, at most `cap` ms. */
export function jitter(seed: number, mean: number, cap: number, frames = 960): (packet: number) => number[] {
  const uniform = uniforms(seed);
  let last = Number.NEGATIVE_INFINITY;
  return (packet) => {
    const delay = 48 * Math.min(cap, -Math.log(1 - uniform()) * mean);
    last = Math.max(last, packet * frames + delay);
    return [last - packet * frames];
  };
}
