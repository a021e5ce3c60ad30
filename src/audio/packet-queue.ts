import { fromMillis } from "../media.ts";
import { frameCount, peakOf } from "./pcm.ts";

/** A packet's PCM, from `start` to `end` in its sender's media time. */
interface Queued {
  readonly start: number;
  readonly end: number;
  /** Interleaved stereo; its first sample frame is at `start`. */
  readonly pcm: Float32Array;
  readonly peak: number;
}

/** Most samples in the queue: more than any burst and delay whose sound is still played. */
const MAX_FRAMES = fromMillis(4_000);

/** A host's packets that wait to be played, in the order of media time. */
export class PacketQueue {
  readonly #packets: Queued[] = [];
  #frames = 0;

  /** Samples in the queue. */
  get frames(): number {
    return this.#frames;
  }

  /** The first packet; null if there is none. */
  get first(): Queued | null {
    return this.#packets[0] ?? null;
  }

  /** Where the last packet ends in media time; null if there is none. */
  get end(): number | null {
    return this.#packets.at(-1)?.end ?? null;
  }

  /** Inserts a packet in its place. Drops the oldest if the queue gets too long; returns how many samples were dropped. */
  put(start: number, pcm: Float32Array): number {
    const frames = frameCount(pcm);
    let index = this.#packets.length;
    while (index > 0 && (this.#packets[index - 1] as Queued).start > start) index--;
    this.#packets.splice(index, 0, { start, end: start + frames, pcm, peak: peakOf(pcm) });
    this.#frames += frames;
    let gone = 0;
    while (this.#frames > MAX_FRAMES) gone += this.#shift();
    return gone;
  }

  /** Drops all packets that end at `position` or before; returns how many samples were dropped. */
  dropTo(position: number): number {
    let gone = 0;
    for (let first = this.first; first !== null && first.end <= position; first = this.first) {
      gone += this.#shift();
    }
    return gone;
  }

  /** Whether no sound from `start` to `end` is missing. */
  has(start: number, end: number): boolean {
    return this.isBelow(Number.POSITIVE_INFINITY, start, end);
  }

  /** Whether no sound from `start` to `end` is missing, and no packet of it is louder than `peak`. */
  isBelow(peak: number, start: number, end: number): boolean {
    let covered = start;
    for (const packet of this.#packets) {
      if (packet.end <= covered) continue;
      if (covered >= end) break;
      if (packet.start > covered || packet.peak > peak) return false;
      covered = packet.end;
    }
    return covered >= end;
  }

  #shift(): number {
    const gone = this.#packets.shift() as Queued;
    const frames = gone.end - gone.start;
    this.#frames -= frames;
    return frames;
  }
}
