import { ShowTime } from "./show-time.ts";
import type { Timeline } from "./timeline.ts";
import { Timer } from "./timer.ts";

/** How often what has no event of its own is looked after. */
const CHORES_MS = 1_000;
/**
 * How long a show rests at most: half of what a timeline may stand still (LONGEST_FILL_MS), so that an object which is made
 * anew meanwhile goes on with it.
 */
export const REST_MS = 5 * 60_000;

/** What the owner of a clock does for it. Times called `now` are the show's, those called `wall` the wall clock's. */
export interface Owner {
  /** Parts have come. */
  readonly listed: (timeline: Timeline, now: number) => void;
  /** Looks after what has no event of its own, about once a second. The clock may be stopped in it. */
  readonly doChores: (timeline: Timeline, now: number) => void;
  /** Until when nobody needs anything to be made; null while somebody may. */
  readonly restsUntil: (wall: number) => number | null;
  /** Whether what was made before is where it belongs, and silence that nobody heard need not be. */
  readonly mayPassOver: () => boolean;
  readonly rests: (until: number) => void;
  /** Begins a timeline that can not be gone on with anew; `why` is the end of a sentence. */
  readonly replace: (why: string) => Timeline;
  /** A bug has thrown. It must not stop the timeline: the object is to restart, and to resume it. */
  readonly fail: (error: unknown) => void;
}

/**
 * Drives a timeline in real time: it makes what is due when it is. Where nobody is there it rests, and who comes has what is
 * due made at once, so that nobody can tell.
 */
export class Clock {
  readonly #owner: Owner;
  readonly #timer = new Timer(() => this.#tick());
  #clock = new ShowTime(Date.now(), 0);
  #timeline: Timeline | null = null;
  #isResting = false;
  #choresAt = 0;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** Null while it stands. */
  get timeline(): Timeline | null {
    return this.#timeline;
  }

  /** The show's time where the wall clock says `wall`. */
  read(wall: number): number {
    return this.#clock.read(wall);
  }

  start(timeline: Timeline): void {
    const wall = Date.now();
    this.#timeline = timeline;
    this.#clock = new ShowTime(wall, timeline.staleness(wall) === null ? timeline.listedUntil : wall);
    this.#tick();
  }

  /** Stops it; the timeline, which has all that is due, or null where none was driven. */
  stop(): Timeline | null {
    const timeline = this.#timeline;
    this.#timer.stop();
    this.#timeline = null;
    if (timeline !== null && this.#isResting) this.#wake(timeline, this.#clock.read(Date.now()));
    return timeline;
  }

  /** Somebody is there: all that is due is made. */
  rouse(): void {
    if (this.#isResting) this.#tick();
  }

  /** Takes one message of a host's socket. */
  hear(host: string, message: Uint8Array, wall: number): void {
    this.rouse();
    const timeline = this.#timeline;
    if (timeline === null) return;
    const now = this.#clock.read(wall);
    timeline.pipeline.hear(host, message, timeline.at(now));
    // A timeline without hosts wakes up for whole parts alone.
    this.#timer.hurry(now, timeline.millisUntilDue(now));
  }

  #tick(): void {
    let timeline = this.#timeline;
    if (timeline === null) return;
    try {
      const why = timeline.staleness(Date.now());
      if (why !== null) timeline = this.#replace(timeline, why);
      const now = this.#clock.read(Date.now());
      if (this.#isResting ? this.#wake(timeline, now) : timeline.advance(now)) {
        this.#owner.listed(timeline, now);
      }
      if (now - this.#choresAt >= CHORES_MS) {
        this.#choresAt = now;
        this.#owner.doChores(timeline, now);
      }
      if (this.#timeline !== null) this.#goOn(timeline);
    } catch (error) {
      this.#owner.fail(error);
    }
  }

  #replace(timeline: Timeline, why: string): Timeline {
    const next = this.#owner.replace(why);
    this.#timeline = next;
    this.#clock = new ShowTime(Date.now(), 0);
    timeline.abandon();
    return next;
  }

  /** Waits for what is due next, where somebody may want it. */
  #goOn(timeline: Timeline): void {
    const wall = Date.now();
    const now = this.#clock.read(wall);
    const due = timeline.millisUntilDue(now);
    const until = timeline.mayRest ? this.#owner.restsUntil(wall) : null;
    const rest = until === null ? 0 : Math.min(until - wall, REST_MS);
    this.#isResting = due > 0 && rest > due;
    this.#timer.set(now, this.#isResting ? rest : due);
    if (this.#isResting) this.#owner.rests(wall + rest);
  }

  #wake(timeline: Timeline, now: number): boolean {
    this.#isResting = false;
    return timeline.wake(now, this.#owner.mayPassOver());
  }
}
