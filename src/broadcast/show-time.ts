/** A jump forward of this much is not the time since the clock was last read, milliseconds. */
const JUMP_MS = 1_000;

/**
 * A show's time: the wall clock, kept from going back. Where the wall clock is set back (by NTP, or a machine that was
 * resumed), the show's time stays for that instant and then goes on at its pace, ahead of the wall clock by as much: the
 * timeline neither stalls nor jumps, and dates are off by the step. What the wall clock later jumps forward is taken out
 * of that first, whether it was set or slept: then the dates are true again.
 */
export class ShowTime {
  #now: number;
  #ahead: number;

  /**
   * @param wall milliseconds since 1970, as the wall clock has it
   * @param reached what the show's time has reached already: it does not begin before
   */
  constructor(wall: number, reached: number) {
    this.#now = Math.max(wall, reached);
    this.#ahead = this.#now - wall;
  }

  /** By how many milliseconds the show's time is ahead of the wall clock. */
  get ahead(): number {
    return this.#ahead;
  }

  /** The show's time where the wall clock says `wall`. */
  read(wall: number): number {
    const passed = wall + this.#ahead - this.#now;
    if (passed < 0) this.#ahead -= passed;
    else if (passed > JUMP_MS) this.#ahead -= Math.min(this.#ahead, passed);
    this.#now = wall + this.#ahead;
    return this.#now;
  }
}
