import type { HoldWish } from "./hold-plan.ts";
import { Lateness } from "./lateness.ts";
import { ShowTime } from "./show-time.ts";
import type { Timeline } from "./timeline.ts";
import { Timer } from "./timer.ts";

/** How often what has no event of its own is looked after. */
export const CHORES_MS = 1_000;
/**
 * How long a show rests at most: half of what a timeline may stand still (LONGEST_FILL_MS), so that an object which is made
 * anew meanwhile goes on with it.
 */
export const REST_MS = 5 * 60_000;

/** What the owner of a clock does for it. Times called `now` are the show's, those called `wall` the wall clock's. */
export interface Owner {
  /** Parts have been listed. */
  readonly listed: (now: number) => void;
  /** Looks after what has no event of its own, about once a second. The clock may be stopped in it. */
  readonly doChores: (now: number) => void;
  /** Until when nobody needs anything of the timeline, by the wall clock; null while somebody may. */
  readonly restsUntil: (wall: number) => number | null;
  /**
   * Whether the silence of a rest that no list has any more may be left out: no host has been heard yet, and R2 has all that
   * was made before it.
   */
  readonly mayPassOver: () => boolean;
  /** Whether hold audio is wanted, by the wall clock. */
  readonly holdWish: (wall: number) => HoldWish;
  /** The clock makes nothing until then, by the wall clock, unless it is roused. */
  readonly rests: (until: number) => void;
  /** The timeline can not be gone on with; `why` is the end of a sentence. The clock is to be abandoned in it. */
  readonly replace: (why: string) => void;
  /** A bug has thrown, and the clock stands still: the object is to restart, and to resume the show. */
  readonly fail: (error: unknown) => void;
}

/**
 * Drives one timeline in real time: it makes what is due when it is. Where nobody is there it rests, and who comes has what
 * is due made at once, so that nobody can tell.
 */
export class Clock {
  /** How late parts are listed. */
  readonly lateness = new Lateness();
  readonly #timeline: Timeline;
  readonly #owner: Owner;
  readonly #time: ShowTime;
  readonly #timer = new Timer(() => this.#tick());
  #state: "going" | "resting" | "stopped" = "going";
  #choresAt = 0;
  /** When it first had to do with the timeline, or had to again after a rest: nothing before could be on time. */
  #since: number;

  constructor(timeline: Timeline, owner: Owner) {
    this.#timeline = timeline;
    this.#owner = owner;
    const wall = Date.now();
    this.#time = new ShowTime(wall, timeline.staleness(wall) === null ? timeline.listedUntil : wall);
    this.#since = this.#time.read(wall);
  }

  start(): void {
    this.#tick();
  }

  /** The show's time where the wall clock says `wall`. */
  read(wall: number): number {
    return this.#time.read(wall);
  }

  /** Somebody is there: all that is due is made. */
  rouse(): void {
    if (this.#state === "resting") this.#tick();
  }

  /** Takes one message of a host's socket; the clock must have been roused. */
  hear(session: string, message: Uint8Array, wall: number): void {
    const now = this.#time.read(wall);
    this.#timeline.hear(session, message, now);
    // A timeline without hosts wakes up for whole parts alone.
    this.#timer.hurry(now, this.#timeline.millisUntilDue(now));
  }

  /** Stops it; its timeline has all that is due. */
  stop(): void {
    this.#timer.stop();
    if (this.#state === "resting") this.#wake(this.#time.read(Date.now()));
    this.#state = "stopped";
  }

  /** Stops it, and lets go of what its timeline holds, which is not to go on. */
  abandon(): void {
    this.#timer.stop();
    this.#state = "stopped";
    this.#timeline.abandon();
  }

  #tick(): void {
    try {
      const why = this.#timeline.staleness(Date.now());
      if (why !== null) {
        this.#owner.replace(why);
        return;
      }
      const now = this.#time.read(Date.now());
      if (this.#state === "resting" ? this.#wake(now) : this.#advance(now)) this.#owner.listed(now);
      if (now - this.#choresAt >= CHORES_MS) {
        this.#choresAt = now;
        this.#owner.doChores(now);
      }
      this.#goOn();
    } catch (error) {
      this.#owner.fail(error);
    }
  }

  /** Makes what is due at `now`. Whether a part came of it. */
  #advance(now: number): boolean {
    const ends = this.#timeline.advance(now, this.#owner.holdWish(Date.now()));
    for (const end of ends) if (end > this.#since) this.lateness.add(now - end);
    return ends.length > 0;
  }

  /** Makes all that has become due in a rest. Whether a part came of it. */
  #wake(now: number): boolean {
    this.#state = "going";
    this.#since = now;
    return this.#timeline.wake(now, this.#owner.mayPassOver(), this.#owner.holdWish(Date.now()));
  }

  /** Waits for what is due next, where somebody may want it. */
  #goOn(): void {
    if (this.#state === "stopped") return;
    const wall = Date.now();
    const now = this.#time.read(wall);
    const due = this.#timeline.millisUntilDue(now);
    const until = this.#timeline.mayRest ? this.#owner.restsUntil(wall) : null;
    const rest = until === null ? 0 : Math.min(until - wall, REST_MS);
    this.#state = due > 0 && rest > due ? "resting" : "going";
    this.#timer.set(now, this.#state === "resting" ? rest : due);
    if (this.#state === "resting") this.#owner.rests(wall + rest);
  }
}
