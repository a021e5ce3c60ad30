import { SAMPLE_RATE } from "../media.ts";
import { PEAK_LAG } from "./true-peak.ts";

/** Gains are whole multiples of 1 / ONE, so that sums of them are exact and the curve comes back to 1 exactly. */
const ONE = 2 ** 24;
/** Frames beside a peak for which the gain is as low as at the peak: an oversampled value is made of some on either side. */
const BESIDE = 3;
/** After a peak the gain comes back fast to its mean of late, which moves slowly: 63 % of the way in so many samples. */
const FAST = 0.06 * SAMPLE_RATE;
const SLOW = 0.8 * SAMPLE_RATE;
/** From here on the gain is taken to be 1 again: the difference is 0.0001 dB. */
const UNITY = ONE * (1 - 1e-5);

/**
 * The gain of a limiter over time, from the gain that each peak allows.
 *
 * It is lowered over the whole look-ahead, without a corner, and held through the peak. A short peak is over after some 60 ms;
 * where there are many, the gain stays near their mean and comes back slowly, so that it does not pump, and does not follow the
 * waves of a low tone, which would distort it.
 */
export class GainCurve {
  readonly #least: Least;
  readonly #first: MovingMean;
  readonly #second: MovingMean;
  #fast = ONE;
  #slow = ONE;
  /** How many samples ago the gain began to be 1 in all that is still averaged. */
  #unity: number;
  readonly #lookAhead: number;

  /** @param lookAhead by how many samples a peak is known before it is to be as soft as its gain says */
  constructor(lookAhead: number) {
    const half = Math.floor((lookAhead - PEAK_LAG - BESIDE) / 2);
    this.#lookAhead = lookAhead;
    this.#least = new Least(lookAhead);
    this.#first = new MovingMean(half);
    this.#second = new MovingMean(half);
    this.#unity = lookAhead;
  }

  /** Whether the gain is 1, and goes on to be until a peak allows less. */
  get isUnity(): boolean {
    return this.#unity >= 2 * this.#lookAhead;
  }

  /**
   * The gain for the sample that went in `lookAhead` before this one, whose peak, {@link PEAK_LAG} samples late, allows `gain`
   * in (0, 1].
   */
  next(gain: number): number {
    const least = this.#least.push(Math.floor(gain * ONE));
    this.#slow += (this.#fast - this.#slow) / SLOW;
    const towards = Math.max(this.#slow, this.#fast);
    this.#fast += (towards - this.#fast) / FAST;
    if (this.#fast > least) this.#fast = least;
    else if (this.#fast > UNITY) {
      this.#fast = ONE;
      this.#slow = ONE;
    }
    this.#unity = this.#fast === ONE ? this.#unity + 1 : 0;
    return this.#second.push(this.#first.push(Math.floor(this.#fast))) / ONE;
  }
}

/** The least of the last `length` values. */
class Least {
  readonly #length: number;
  /** Values that may yet be the least, each above the one before, and when they came: a ring. */
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

/** The mean of the last `length` whole numbers, of which all before the first are {@link ONE}; exact. */
class MovingMean {
  readonly #values: Float64Array;
  #sum: number;
  #at = 0;

  constructor(length: number) {
    this.#values = new Float64Array(length).fill(ONE);
    this.#sum = length * ONE;
  }

  push(value: number): number {
    this.#sum += value - (this.#values[this.#at] as number);
    this.#values[this.#at] = value;
    this.#at = (this.#at + 1) % this.#values.length;
    return this.#sum / this.#values.length;
  }
}
