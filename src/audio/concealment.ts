import { CHANNELS, fromMillis } from "../media.ts";

/** Length of the tail that fades out, samples: one usual packet. */
export const TAIL = fromMillis(20);
const MIN_PERIOD = fromMillis(2.5);
const MAX_PERIOD = fromMillis(15);
const COMPARED = fromMillis(10);
/** How many past sample frames {@link Concealment} uses. */
export const HISTORY = MAX_PERIOD + COMPARED;
/** The first search for the period looks at every fourth sample only: the pitch of speech is far below that rate. */
const COARSE = 4;

/**
 * Replaces missing sound by the last pitch period, repeated and faded out over {@link TAIL}, and then by silence.
 *
 * The first repetition continues the sound before it without a step, and each further one continues its predecessor. The idea is
 * that of ITU-T G.711 Appendix I. That overlaps the repetitions, which would cost delay; here the difference at each seam is
 * faded out instead.
 */
export class Concealment {
  readonly #period: Float32Array;
  readonly #seam: [left: number, right: number];
  readonly #seamLength: number;
  #at = 0;

  /** `past` is interleaved stereo that ends where the missing sound begins; its last {@link HISTORY} frames are used. */
  constructor(past: Float32Array) {
    const length = pitch(past);
    const from = past.length - CHANNELS * length;
    this.#period = past.slice(from);
    this.#seam = [
      (past.at(-2) as number) - (past[from - 2] as number),
      (past.at(-1) as number) - (past[from - 1] as number),
    ];
    this.#seamLength = length / 2;
  }

  /** Whether the tail has ended and only silence is left. */
  get over(): boolean {
    return this.#at >= TAIL;
  }

  /** Adds the next `count` frames to `out`, from its frame `outAt` on; `gain(n)` weighs the n-th. */
  addTo(out: Float32Array, outAt: number, count: number, gain: (n: number) => number): void {
    const period = this.#period.length / CHANNELS;
    const end = Math.min(count, TAIL - this.#at);
    for (let n = 0; n < end; n++) {
      const at = this.#at + n;
      const phase = at % period;
      const seam = Math.max(0, 1 - phase / this.#seamLength);
      const weight = gain(n) * 0.5 * (1 + Math.cos((Math.PI * (at + 1)) / TAIL));
      for (let channel = 0; channel < CHANNELS; channel++) {
        const value =
          (this.#period[CHANNELS * phase + channel] as number) + seam * (this.#seam[channel] as number);
        const index = CHANNELS * (outAt + n) + channel;
        out[index] = (out[index] as number) + weight * value;
      }
    }
    this.#at += count;
  }
}

/** The pitch period at the end of `past`: the lag in [MIN_PERIOD, MAX_PERIOD] frames at which it is most similar to itself. */
function pitch(past: Float32Array): number {
  const end = past.length / CHANNELS;
  const mono = (frame: number) => (past[CHANNELS * frame] as number) + (past[CHANNELS * frame + 1] as number);
  const likeness = (lag: number, step: number) => {
    let product = 0;
    let energy = 1e-9;
    for (let frame = end - COMPARED; frame < end; frame += step) {
      const before = mono(frame - lag);
      product += mono(frame) * before;
      energy += before * before;
    }
    return product / Math.sqrt(energy);
  };
  const best = (from: number, to: number, lagStep: number, step: number) => {
    let found = from;
    let most = Number.NEGATIVE_INFINITY;
    for (let lag = from; lag <= to; lag += lagStep) {
      const like = likeness(lag, step);
      if (like > most) {
        most = like;
        found = lag;
      }
    }
    return found;
  };
  const near = best(MIN_PERIOD, MAX_PERIOD, COARSE, COARSE);
  return best(Math.max(MIN_PERIOD, near - COARSE), Math.min(MAX_PERIOD, near + COARSE), 1, 1);
}
