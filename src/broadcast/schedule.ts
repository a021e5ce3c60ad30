import { MIN_WAIT } from "../audio/playout-delay.ts";
import { fromMillis, type Samples, samples } from "../media.ts";

/** The access unit to be made next. Times are positions on the timeline, in samples. */
export interface NextUnit {
  /** When it is made if all its packets have come. */
  readonly ready: Samples;
  /** Whether all its packets have come. */
  readonly isWhole: boolean;
  /** Until when to wait for its missing packets. */
  readonly deadline: Samples;
}

/** Interval at which to look for missing packets, samples. */
const LOOK = fromMillis(20);
/** A timer that fires this late, in samples, was held up by other work; less is the jitter of any timer. */
const LATE = fromMillis(4);
/** After a timer that fired late: time within which the packets that wait in the sockets are taken, samples. */
const SOCKETS_READ = fromMillis(5);
/** After a timer that fired late: longest wait for packets that are in the sockets, samples. */
const MOST_WAITED = fromMillis(60);

/**
 * Decides when access units are made. A unit that has all its packets is made when it is ready. A unit that lacks packets is
 * made without them at its deadline, if the timer fired on time. If other work of the machine held the timer up, packets that
 * the hosts sent meanwhile are still in the sockets, and the unit waits for them.
 */
export class Schedule {
  #lookAt: Samples | null = null;
  /** A timer that fired late: when it was due, and when it fired. */
  #missed: { readonly due: Samples; readonly came: Samples } | null = null;

  /** Returns when `next` is made, or when to look for its missing packets. */
  due({ ready, isWhole, deadline }: NextUnit): Samples {
    return isWhole ? ready : (this.#lookAt ?? samples(Math.min(deadline, ready + MIN_WAIT)));
  }

  /** Returns from when on a packet is late because of this object's timer, and not because of the network. */
  lateFrom(next: NextUnit): Samples {
    return next.isWhole ? next.ready : (this.#missed?.due ?? this.due(next));
  }

  /** Whether `next` is made at `now`, whole or without its missing packets. */
  isDue(next: NextUnit, now: Samples): boolean {
    const due = this.due(next);
    if (next.isWhole) {
      this.#lookAt = null;
      this.#missed = null;
      return now >= due;
    }
    if (now < due) return false;
    const isLate = now - due >= LATE;
    this.#missed = isLate ? (this.#missed ?? { due, came: now }) : null;
    if (now < next.deadline) this.#lookAt = samples(Math.min(next.deadline, now + LOOK));
    else if (this.#missed !== null && now - this.#missed.came < MOST_WAITED)
      this.#lookAt = samples(now + SOCKETS_READ);
    else {
      // The following unit may be past its deadline too; its packets have been waited for along with this unit's.
      this.#lookAt = now;
      return true;
    }
    return false;
  }
}
