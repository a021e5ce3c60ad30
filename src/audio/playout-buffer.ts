import { CHANNELS, fromMillis } from "../media.ts";
import { Concealment, HISTORY } from "./concealment.ts";

/** After a break, sound is faded in over this long. */
const FADE_IN = fromMillis(5);
/** Below this (-60 dBFS) a change of speed cannot be heard. */
export const QUIET = 0.001;
/** Sample frames: more than concealment looks back on and one pull reads ahead. */
const CAPACITY = 4_096;

/**
 * A host's sound as one unbroken signal, interleaved stereo, just before it is played: real where there is some, concealed
 * where there is not. It is written at its end and read some way before it; {@link trim} lets go of what has been read.
 */
export class PlayoutBuffer {
  readonly data = new Float32Array(CHANNELS * CAPACITY);
  /** Sample frames in it. */
  length: number = HISTORY;
  /** How many frames at its end are digital silence, and how many are no louder than {@link QUIET}. */
  zeros: number = HISTORY;
  quiet: number = HISTORY;
  #concealment: Concealment | null = null;
  /** Frames that are still to be faded in. The first sound is: it does not follow from the silence before it. */
  #fading: number = FADE_IN;

  /** Writes `count` frames of `pcm` from frame `from` on, faded in after a break. None is louder than `peak`. */
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

  /** Writes `count` frames of concealment, which is silence soon. */
  conceal(count: number): void {
    this.cut();
    const concealment = this.#concealment;
    this.data.fill(0, CHANNELS * this.length, CHANNELS * (this.length + count));
    const silent = concealment === null || concealment.over || this.zeros >= HISTORY;
    concealment?.addTo(this.data, this.length, count, () => 1);
    this.length += count;
    this.#note(count, silent ? 0 : 1);
  }

  /** What is appended next does not follow from what is there: one will be faded into the other. */
  cut(): void {
    if (this.#fading < FADE_IN) {
      const past = this.data.subarray(CHANNELS * (this.length - HISTORY), CHANNELS * this.length);
      this.#concealment = new Concealment(past);
    }
    this.#fading = FADE_IN;
  }

  /** Lets go of the frames before `from`, as far as concealment may not need them; gives how many went. */
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
