import { SAMPLE_RATE } from "../media.ts";

/** An error is resampled away with this time constant, or faster where nobody can hear it: its share for each sample. */
const GAIN = 1 / (5 * SAMPLE_RATE);
const QUIET_GAIN = 10 * GAIN;
/** The most by which the speed differs from 1: 0.5 % changes a voice's pitch by less than can be heard; 2 % in silence. */
const MOST = 0.005;
const MOST_QUIET = 0.02;
/** Within the first of its place, in samples, the line is played as it is, until it is the second off. */
const [LOCK, UNLOCK] = [1, 24];

/** Samples of input for one of output, at most. */
export const MAX_SPEED = 1 + MOST_QUIET;

/**
 * The place in a playout buffer that is played next, and how fast it moves on: so that the line comes to where it should be,
 * by a change of speed that nobody hears. At the right place the speed is exactly 1 and the position whole, which makes
 * resampling a copy.
 */
export class Playhead {
  #position: number;
  #isLocked = false;

  /** @param position a sample frame of the buffer */
  constructor(position: number) {
    this.#position = position;
  }

  /** The next sample frame to play, in the buffer; fractional. */
  get position(): number {
    return this.#position;
  }

  /**
   * Samples of the buffer for each one that is played, for the next `count`.
   *
   * @param error how many samples later than it should be the line is
   * @param isQuiet whether what is played is too quiet for a change of speed to be heard
   */
  speed(error: number, isQuiet: boolean, count: number): number {
    if (Math.abs(error) <= (this.#isLocked ? UNLOCK : LOCK)) {
      const end = this.#position + count + (this.#isLocked ? 0 : error);
      this.#isLocked = true;
      return (Math.round(end) - this.#position) / count;
    }
    this.#isLocked = false;
    const most = isQuiet ? MOST_QUIET : MOST;
    return 1 + Math.min(most, Math.max(-most, error * (isQuiet ? QUIET_GAIN : GAIN)));
  }

  /** Moves on by `count` samples played at the speed that {@link speed} gave. */
  advance(count: number, speed: number): void {
    this.#position += count * speed;
    // A rounding error of count * speed would leave a whole position, and with it the exact copy.
    if (this.#isLocked) this.#position = Math.round(this.#position);
  }

  /** The buffer has let go of its first `frames`. */
  shift(frames: number): void {
    this.#position -= frames;
  }
}
