/** If more time than this, ms, seems to have passed since the last reading, the wall clock has jumped forward. */
const JUMP_MS = 1_000;

/**
 * A show's time: the wall clock, kept from going back. If the wall clock is set back (by NTP, or on a machine that was
 * resumed), show time stays where it is for that reading. Then it goes on at its pace, ahead of the wall clock by the step.
 * So the timeline neither stalls nor jumps, and dates are off by the step. When the wall clock later jumps forward, because
 * it was set or the machine slept, that jump first reduces the lead: then dates are true again.
 */
export class ShowTime {
  #now: number;
  #ahead: number;

  /**
   * @param wall wall-clock time, milliseconds since 1970
   * @param reached what show time has reached already, milliseconds since 1970: it does not begin before that
   */
  constructor(wall: number, reached: number) {
    this.#now = Math.max(wall, reached);
    this.#ahead = this.#now - wall;
  }

  /** How far show time is ahead of the wall clock, ms. */
  get ahead(): number {
    return this.#ahead;
  }

  /** Returns the show time at wall-clock time `wall`. */
  read(wall: number): number {
    const passed = wall + this.#ahead - this.#now;
    if (passed < 0) this.#ahead -= passed;
    else if (passed > JUMP_MS) this.#ahead -= Math.min(this.#ahead, passed);
    this.#now = wall + this.#ahead;
    return this.#now;
  }
}
