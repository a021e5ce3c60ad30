/** Later than this, what came meanwhile may still wait in the sockets; less is the jitter of any timer, milliseconds. */
const LATE = 4;
/** For how long nothing must have come: a share of the lateness at first, for a long queue comes in gusts. Milliseconds. */
const QUIET_SHARE = 1 / 50;
const LEAST_QUIET = 1;
const MOST_QUIET = 10;
/** Many hosts are never quiet for long, and the show goes on. */
const MOST_WAITS = 5;

/**
 * A clock that comes late, because the machine or other work kept the object from running, finds what the hosts sent
 * meanwhile waiting in their sockets, behind it. That is heard first: the show is as late as it is, and would otherwise
 * go on without sound that is there.
 */
export class Backlog {
  #messages = 0;
  /** How many messages there were when the wait began; null when none is under way. */
  #seen: number | null = null;
  #waits = 0;
  /** Since the clock was last on time. */
  #heardOut = false;

  /** A message of any host came. */
  hear(): void {
    this.#messages++;
  }

  /**
   * Asked whenever the clock comes: how many milliseconds to wait and ask again, or 0 to go on.
   *
   * @param late milliseconds by which the clock comes late
   */
  wait(late: number): number {
    if (late < LATE) this.#heardOut = false;
    if (late < LATE || this.#seen === this.#messages || this.#waits >= MOST_WAITS) {
      this.#heardOut ||= late >= LATE;
      this.#seen = null;
      this.#waits = 0;
      return 0;
    }
    this.#seen = this.#messages;
    this.#waits++;
    const share = this.#heardOut ? 0 : Math.ceil(late * QUIET_SHARE);
    return Math.min(MOST_QUIET, Math.max(LEAST_QUIET, share));
  }
}
