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
  /** How late the clock was when the wait began; null while there is none. */
  #lateAtFirst: number | null = null;

  /**
   * Asked whenever the clock comes: how many milliseconds to wait and ask again, or 0 to go on. It waits for no longer
   * than the clock was late, and always for less than the sound that is made then lasts: what is late must not get later.
   *
   * @param late milliseconds by which the clock comes late
   * @param isOverdue whether a host that was delivering owes more than it usually does
   */
  wait(late: number, isOverdue: boolean): number {
    this.#lateAtFirst ??= late;
    const waited = late - this.#lateAtFirst;
    if (late >= LATE && isOverdue && waited < Math.min(MOST_WAITED, this.#lateAtFirst)) return WAIT;
    this.#lateAtFirst = null;
    return 0;
  }
}
