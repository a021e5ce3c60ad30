import { PLAYOUT_DELAY } from "../audio/playout-delay.ts";
import { fromMillis, type Samples, samples } from "../media.ts";

/** The access unit that is made next. Times are positions on the timeline, in samples. */
export interface NextUnit {
  /** When it is made if it is whole. */
  readonly ready: Samples;
  /** Whether all packets of it have come. */
  readonly isWhole: boolean;
  /** Until when the packets that it lacks are waited for. */
  readonly deadline: Samples;
}

/** After how long missing packets are looked for again. */
const LOOK = fromMillis(20);
/** A timer that fires later than this was held up by other work; less is the jitter of any timer. */
const LATE = fromMillis(4);
/** After a timer that was held up: within this time the packets that wait in the sockets have been taken. */
const NEXT = fromMillis(5);
/** For how long, after such a timer, packets that wait in the sockets are waited for at most. */
const MOST_WAITED = fromMillis(60);

/**
 * Decides when access units are made. One that is whole is made when it is ready. One that lacks packets is made without them
 * at its deadline, if the timer fired on time. When the timer was held up, because the machine had other work, what the hosts
 * sent meanwhile still waits in their sockets; it is waited for.
 */
export class Schedule {
  #lookAt: Samples | null = null;
  /** A timer that was held up: when it was due, and when it fired. */
  #missed: { readonly due: Samples; readonly came: Samples } | null = null;

  /** When `next` is made, or its missing packets are looked for. */
  due({ ready, isWhole, deadline }: NextUnit): Samples {
    return isWhole ? ready : (this.#lookAt ?? samples(Math.min(deadline, ready + PLAYOUT_DELAY)));
  }

  /** From when on the lateness of a packet is that of this object's timer, and not of the network. */
  lateFrom(next: NextUnit): Samples {
    return next.isWhole ? next.ready : (this.#missed?.due ?? this.due(next));
  }

  /** Whether `next` is made at `now`, whole or without what it lacks. */
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
      this.#lookAt = samples(now + NEXT);
    else {
      // The unit after it may be past its deadline too; its packets have been waited for together with this one's.
      this.#lookAt = now;
      return true;
    }
    return false;
  }
}
