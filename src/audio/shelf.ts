import { fromMillis } from "../media.ts";
import { frameCount, peakOf } from "./pcm.ts";

/** PCM that waits, from `start` to `end` in its sender's media time. */
export interface Waiting {
  readonly start: number;
  readonly end: number;
  /** Interleaved stereo; its first sample frame is at `start`. */
  readonly pcm: Float32Array;
  readonly peak: number;
}

/** More than any delay and burst that is still played. */
const MAX_WAITING = fromMillis(4_000);

/** Packets that wait to be played, in the order of media time. */
export class Shelf {
  readonly #waiting: Waiting[] = [];
  #frames = 0;

  /** Samples that wait. */
  get frames(): number {
    return this.#frames;
  }

  get first(): Waiting | undefined {
    return this.#waiting[0];
  }

  /** Where what waits ends in media time; undefined if nothing does. */
  get end(): number | undefined {
    return this.#waiting.at(-1)?.end;
  }

  /** Puts PCM in its place; gives the samples that had to go, oldest first, because too much waits. */
  put(start: number, pcm: Float32Array): number {
    const frames = frameCount(pcm);
    let index = this.#waiting.length;
    while (index > 0 && (this.#waiting[index - 1] as Waiting).start > start) index--;
    this.#waiting.splice(index, 0, { start, end: start + frames, pcm, peak: peakOf(pcm) });
    this.#frames += frames;
    let gone = 0;
    while (this.#frames > MAX_WAITING) gone += this.#shift();
    return gone;
  }

  /** Lets go of all that ends at `position` or before; gives its samples. */
  dropTo(position: number): number {
    let gone = 0;
    for (let first = this.first; first !== undefined && first.end <= position; first = this.first) {
      gone += this.#shift();
    }
    return gone;
  }

  /** Whether nothing from `start` to `end` is missing. */
  has(start: number, end: number): boolean {
    return this.isBelow(Number.POSITIVE_INFINITY, start, end);
  }

  /** Whether nothing from `start` to `end` is missing or louder than `peak`. */
  isBelow(peak: number, start: number, end: number): boolean {
    let covered = start;
    for (const one of this.#waiting) {
      if (one.end <= covered) continue;
      if (covered >= end) break;
      if (one.start > covered || one.peak > peak) return false;
      covered = one.end;
    }
    return covered >= end;
  }

  #shift(): number {
    const gone = this.#waiting.shift() as Waiting;
    const frames = gone.end - gone.start;
    this.#frames -= frames;
    return frames;
  }
}
