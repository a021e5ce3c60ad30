/** Later than this the clock came late; less is the jitter of any timer, milliseconds. */
const LATE = 4;
const WAIT = 1;
/** What does not come at all must not hold the show up, milliseconds. */
const MOST_WAITED = 60;

/**
 * A clock that comes late, because the machine or other work kept the object from running, finds what the hosts sent
 * meanwhile waiting in their sockets, behind it. That is heard first: the show is as late as it is, and would otherwise
 * go on without sound that is there.
 */
export class Backlog {
  #waited = 0;

  /**
   * Asked whenever the clock comes: how many milliseconds to wait and ask again, or 0 to go on. It waits for no longer
   * than the clock was late to begin with.
   *
   * @param late milliseconds by which the clock comes late
   * @param isOverdue whether a host that was delivering owes more than it usually does
   */
  wait(late: number, isOverdue: boolean): number {
    if (late < LATE || !isOverdue || this.#waited >= Math.min(MOST_WAITED, late - this.#waited)) {
      this.#waited = 0;
      return 0;
    }
    this.#waited += WAIT;
    return WAIT;
  }
}
