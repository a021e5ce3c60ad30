import { SAMPLE_RATE } from "../media.ts";

/** Share of a timing error that is resampled away per sample: in 5 s, or in 0.5 s where sound is too quiet for it to be heard. */
const GAIN = 1 / (5 * SAMPLE_RATE);
const QUIET_GAIN = 10 * GAIN;
/** The most by which the speed differs from 1: 0.5 % changes a voice's pitch by less than can be heard; 2 % in quiet sound. */
const MAX_DEVIATION = 0.005;
const MAX_DEVIATION_QUIET = 0.02;
/** The playhead locks (plays at speed 1) within the first of its place, samples, and unlocks when further off than the second. */
const [LOCK, UNLOCK] = [1, 24];

/** Input samples per output sample, at most. */
export const MAX_SPEED = 1 + MAX_DEVIATION_QUIET;

/**
 * The place in a playout buffer that is played next, and how fast it moves on. It brings the line to where it should be, by
 * changes of speed that nobody hears. At the right place the speed is exactly 1 and the position whole, which makes resampling
 * a copy.
 */
export class Playhead {
  #position: number;
  #isLocked = false;

  /** @param position the sample frame of the buffer at which it begins */
  constructor(position: number) {
    this.#position = position;
  }

  /** The next sample frame to play, in the buffer; fractional. */
  get position(): number {
    return this.#position;
  }

  /**
   * Returns the speed for the next `count` samples: samples of the buffer per sample played.
   *
   * @param error by how many samples the line is later than it should be
   * @param isQuiet whether the sound is too quiet for a change of speed to be heard
   */
  speed(error: number, isQuiet: boolean, count: number): number {
    if (Math.abs(error) <= (this.#isLocked ? UNLOCK : LOCK)) {
      const end = this.#position + count + (this.#isLocked ? 0 : error);
      this.#isLocked = true;
      return (Math.round(end) - this.#position) / count;
    }
    this.#isLocked = false;
    const most = isQuiet ? MAX_DEVIATION_QUIET : MAX_DEVIATION;
    return 1 + Math.min(most, Math.max(-most, error * (isQuiet ? QUIET_GAIN : GAIN)));
  }

  /** Moves on by `count` played samples, at the speed that {@link speed} returned. */
  advance(count: number, speed: number): void {
    this.#position += count * speed;
    // A rounding error of count * speed would make the position fractional, and resampling no exact copy.
    if (this.#isLocked) this.#position = Math.round(this.#position);
  }

  /** Adjusts the position after the buffer has dropped its first `frames`. */
  shift(frames: number): void {
    this.#position -= frames;
  }
}
