import { CHANNELS, fromMillis } from "../media.ts";
import { Concealment, HISTORY } from "./concealment.ts";

/** Duration of the fade-in after a break, samples. */
const FADE_IN = fromMillis(5);
/** Peak below which a change of speed cannot be heard: -60 dBFS. */
export const QUIET = 0.001;
/** Sample frames in the buffer: more than concealment looks back and one pull reads ahead. */
const CAPACITY = 4_096;

/**
 * A host's sound as one unbroken signal, interleaved stereo, just before it is played: real sound where there is some, and
 * concealment elsewhere. It is written at its end and read some way before that; {@link trim} drops what has been read.
 */
export class PlayoutBuffer {
  readonly data = new Float32Array(CHANNELS * CAPACITY);
  /** Sample frames in it. */
  length: number = HISTORY;
  /** How many frames at its end are digital silence, and how many are no louder than {@link QUIET}. */
  zeros: number = HISTORY;
  quiet: number = HISTORY;
  #concealment: Concealment | null = null;
  /** Frames still to be faded in. The very first sound is faded in too: it does not continue the silence before it. */
  #fading: number = FADE_IN;

  /** Appends `count` frames of `pcm`, from its frame `from` on, faded in after a break. None is louder than `peak`. */
  append(pcm: Float32Array, from: number, count: number, peak: number): void {
    const faded = Math.min(count, this.#fading);
    this.data.set(pcm.subarray(CHANNELS * from, CHANNELS * (from + count)), CHANNELS * this.length);
    if (faded > 0) {
      const start = FADE_IN - this.#fading;
      const rise = (n: number) => 0.5 * (1 - Math.cos((Math.PI * (start + n + 1)) / (FADE_IN + 1)));
      for (let n = 0; n < faded; n++) {
        const index = CHANNELS * (this.length + n);
        this.data[index] = (this.data[index] as number) * rise(n);
        this.data[index + 1] = (this.data[index + 1] as number) * rise(n);
      }
      this.#concealment?.addTo(this.data, this.length, faded, (n) => 1 - rise(n));
      this.#fading -= faded;
      if (this.#fading === 0) this.#concealment = null;
    }
    this.length += count;
    const tail = this.#concealment === null || this.#concealment.over ? 0 : 1;
    this.#note(count, Math.max(peak, faded > 0 ? tail : 0));
  }

  /** Appends `count` frames of concealment, which soon becomes silence. */
  conceal(count: number): void {
    this.cut();
    const concealment = this.#concealment;
    this.data.fill(0, CHANNELS * this.length, CHANNELS * (this.length + count));
    const silent = concealment === null || concealment.over || this.zeros >= HISTORY;
    concealment?.addTo(this.data, this.length, count, () => 1);
    this.length += count;
    this.#note(count, silent ? 0 : 1);
  }

  /** Marks a break: the sound appended next does not continue the buffer's, and the two will be cross-faded. */
  cut(): void {
    if (this.#fading < FADE_IN) {
      const past = this.data.subarray(CHANNELS * (this.length - HISTORY), CHANNELS * this.length);
      this.#concealment = new Concealment(past);
    }
    this.#fading = FADE_IN;
  }

  /** Drops the frames before `from`, except those that concealment may need; returns how many were dropped. */
  trim(from: number): number {
    const gone = Math.min(from, this.length - HISTORY);
    if (gone <= 0) return 0;
    this.data.copyWithin(0, CHANNELS * gone, CHANNELS * this.length);
    this.length -= gone;
    return gone;
  }

  #note(count: number, peak: number): void {
    this.zeros = peak === 0 ? this.zeros + count : 0;
    this.quiet = peak <= QUIET ? this.quiet + count : 0;
  }
}
