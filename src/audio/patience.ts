import { fromMillis } from "../media.ts";
import { HOLD } from "./delay.ts";

/** After how long missing packets are looked for again. All times here are in samples. */
const LOOK = fromMillis(20);
/** A timer that fires later than this was held up by other work; less is the jitter of any timer. */
const LATE = fromMillis(4);
/** After a timer that was held up: within this time the packets that wait in the sockets have been taken. */
const NEXT = fromMillis(5);
/** For how long, after such a timer, packets that wait in the sockets are waited for at most. */
const MOST_WAITED = fromMillis(60);

/**
 * Decides when an access unit that lacks packets is made without them: at its deadline, if the timer fired on time. When the
 * timer was held up, because the machine had other work, what the hosts sent meanwhile still waits in their sockets; it is
 * waited for.
 */
export class Patience {
  #lookAt: number | null = null;
  /** A timer that was held up: when it was due, and when it fired. */
  #missed: { readonly due: number; readonly came: number } | null = null;

  /** When to look next for what the unit that ends at `end` lacks; it is waited for until `deadline`. */
  due(end: number, deadline: number): number {
    return this.#lookAt ?? Math.min(deadline, end + HOLD);
  }

  /** From when on a packet's lateness is that of this object's timer, and not of the network. */
  lateFrom(end: number, deadline: number): number {
    return this.#missed?.due ?? this.due(end, deadline);
  }

  /** Whether, at `now`, the unit is made without what it lacks. */
  isOver(now: number, end: number, deadline: number): boolean {
    const due = this.due(end, deadline);
    if (now < due) return false;
    const isLate = now - due >= LATE;
    this.#missed = isLate ? (this.#missed ?? { due, came: now }) : null;
    if (now < deadline) this.#lookAt = Math.min(deadline, now + LOOK);
    else if (this.#missed !== null && now - this.#missed.came < MOST_WAITED) this.#lookAt = now + NEXT;
    else {
      // The next unit may be past its deadline too; its packets have been waited for together with this one's.
      this.#lookAt = now;
      return true;
    }
    return false;
  }

  /** A unit was made of which nothing was missing. */
  reset(): void {
    this.#lookAt = null;
    this.#missed = null;
  }
}
