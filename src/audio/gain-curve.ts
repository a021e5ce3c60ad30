import { SAMPLE_RATE } from "../media.ts";
import { PEAK_LAG } from "./true-peak.ts";

/** Gains are whole multiples of 1 / ONE, so that their sums are exact and the curve returns to exactly 1. */
const ONE = 2 ** 24;
/** Frames on either side of a peak that get the peak's gain: an oversampled value is computed from samples on both sides. */
const BESIDE = 3;
/** After a peak the gain rises fast to its recent mean, which moves slowly. Time constants (63 % of the way), samples. */
const FAST = 0.06 * SAMPLE_RATE;
const SLOW = 0.8 * SAMPLE_RATE;
/** From this value on, the gain is set to 1: the difference is 0.001 dB. */
const UNITY = ONE * (1 - 1e-4);

/**
 * The gain of a limiter over time, computed from the gain that each peak allows.
 *
 * The gain falls over the whole look-ahead, without a corner, and is held through the peak. A short peak is over after
 * some 60 ms. Where there are many peaks, it stays near the mean of what they allow and rises slowly. So it does not pump,
 * and does not follow the waves of a low tone, which would distort the tone.
 */
export class GainCurve {
  readonly #least: Least;
  readonly #first: MovingSum;
  readonly #second: MovingSum;
  /** Output of the second moving sum for a gain of 1. */
  readonly #scale: number;
  #fast = ONE;
  #slow = ONE;
  /** For how many samples {@link #fast}, the gain before smoothing, has been 1. */
  #unity: number;
  readonly #lookAhead: number;

  /** @param lookAhead samples from when a peak goes in to when its gain must have been reached */
  constructor(lookAhead: number) {
    const half = Math.floor((lookAhead - PEAK_LAG - BESIDE) / 2);
    this.#lookAhead = lookAhead;
    this.#least = new Least(lookAhead);
    this.#first = new MovingSum(half, ONE);
    this.#second = new MovingSum(half, half * ONE);
    this.#scale = half * half * ONE;
    this.#unity = 2 * lookAhead;
  }

  /** Whether the gain is 1, and stays 1 until a peak allows less. */
  get isUnity(): boolean {
    return this.#unity >= 2 * this.#lookAhead;
  }

  /**
   * Returns the gain for the sample that went in `lookAhead` samples before the present one. `gain`, in (0, 1], is what the
   * newest peak allows; peaks are known {@link PEAK_LAG} samples late.
   */
  next(gain: number): number {
    const least = this.#least.push(Math.floor(gain * ONE));
    this.#slow += (least - this.#slow) / SLOW;
    if (this.#slow > this.#fast) this.#fast += (this.#slow - this.#fast) / FAST;
    if (this.#fast > least) this.#fast = least;
    else if (this.#fast > UNITY) {
      this.#fast = ONE;
      this.#slow = ONE;
    }
    this.#unity = this.#fast === ONE ? this.#unity + 1 : 0;
    return this.#second.push(this.#first.push(Math.floor(this.#fast))) / this.#scale;
  }
}

/** The minimum of the last `length` values. */
class Least {
  readonly #length: number;
  /** Values that may yet become the minimum, each above the one before, and when they came: a ring. */
  readonly #values: Float64Array;
  readonly #times: Float64Array;
  #first = 0;
  #count = 0;
  #now = 0;

  constructor(length: number) {
    this.#length = length;
    this.#values = new Float64Array(length);
    this.#times = new Float64Array(length);
  }

  push(value: number): number {
    const length = this.#length;
    if (this.#count > 0 && (this.#times[this.#first] as number) <= this.#now - length) {
      this.#first = (this.#first + 1) % length;
      this.#count--;
    }
    while (this.#count > 0 && (this.#values[(this.#first + this.#count - 1) % length] as number) >= value)
      this.#count--;
    const at = (this.#first + this.#count++) % length;
    this.#values[at] = value;
    this.#times[at] = this.#now++;
    return this.#values[this.#first] as number;
  }
}

/** The exact sum of the last `length` whole numbers; those before the first push are all `before`. */
class MovingSum {
  readonly #values: Float64Array;
  #sum: number;
  #at = 0;

  constructor(length: number, before: number) {
    this.#values = new Float64Array(length).fill(before);
    this.#sum = length * before;
  }

  push(value: number): number {
    this.#sum += value - (this.#values[this.#at] as number);
    this.#values[this.#at] = value;
    this.#at = (this.#at + 1) % this.#values.length;
    return this.#sum;
  }
}
