import { fromMillis } from "../media.ts";
import { HOLD } from "./delay.ts";

/** How often it is looked whether what is late has come. */
const LOOK = fromMillis(20);
/** A look that comes later than this after its time was kept from coming; less is the jitter of any timer. */
const LATE = fromMillis(4);
/** What is in the sockets then is heard within this time. */
const NEXT = fromMillis(5);
/** What does not come at all must not hold the line up. */
const MOST_WAITED = fromMillis(60);

/**
 * When a stretch of the line that lacks something is made as it is: at its deadline, and by a look that comes on time. One
 * that is late, because the machine or other work kept it from coming, finds what the hosts sent meanwhile waiting in
 * their sockets, behind it: that is heard first.
 */
export class Patience {
  #lookAt: number | null = null;
  /** A look that came late: when it was to come, and when it came. */
  #missed: { readonly due: number; readonly came: number } | null = null;

  /** When it is to be looked for what the stretch to `end` lacks, which is waited for until `deadline`. */
  due(end: number, deadline: number): number {
    return this.#lookAt ?? Math.min(deadline, end + HOLD);
  }

  /** Since when, or from when on, it is the line that is late where something comes. */
  lateFrom(end: number, deadline: number): number {
    return this.#missed?.due ?? this.due(end, deadline);
  }

  /** A look at `now`: whether the stretch is made as it is. */
  isOver(now: number, end: number, deadline: number): boolean {
    const due = this.due(end, deadline);
    if (now < due) return false;
    const isLate = now - due >= LATE;
    this.#missed = isLate ? (this.#missed ?? { due, came: now }) : null;
    if (now < deadline) this.#lookAt = Math.min(deadline, now + LOOK);
    else if (this.#missed !== null && now - this.#missed.came < MOST_WAITED) this.#lookAt = now + NEXT;
    else {
      // What follows may be overdue as well, and has been looked for as this was.
      this.#lookAt = now;
      return true;
    }
    return false;
  }

  /** A stretch was made whole. */
  reset(): void {
    this.#lookAt = null;
    this.#missed = null;
  }
}
