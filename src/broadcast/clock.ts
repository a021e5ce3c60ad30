import type { HoldWish } from "./hold-plan.ts";
import { Lateness } from "./lateness.ts";
import { ShowTime } from "./show-time.ts";
import type { Timeline } from "./timeline.ts";
import { Timer } from "./timer.ts";

/** How often the clock calls {@link Owner.doChores}, ms; it also does so right before each rest. */
export const CHORES_MS = 1_000;
/**
 * The longest rest, ms: half of the longest gap that a timeline may have (LONGEST_FILL_MS), so that an object which restarts
 * during a rest can still resume the timeline.
 */
export const REST_MS = 5 * 60_000;

/** What a clock calls its owner for. Times named `now` are the show's time, times named `wall` the wall clock's; both in ms. */
export interface Owner {
  /** Parts have been listed. */
  readonly listed: (now: number) => void;
  /** Does regular work that no event triggers, about once a second, and right before a rest. It may stop the clock. */
  readonly doChores: (now: number) => void;
  /** Returns until when nobody needs the timeline, by the wall clock; null: somebody may need it now. */
  readonly restsUntil: (wall: number) => number | null;
  /**
   * Returns whether a rest's silence may be left out, as far as no list names it any more: no host has been heard yet, R2 has
   * all media from before the rest, and nobody plays a rewind list.
   */
  readonly mayPassOver: () => boolean;
  /** Returns whether hold audio is wanted at `wall`. */
  readonly holdWish: (wall: number) => HoldWish;
  /** The clock rests until `until`, by the wall clock, unless it is roused. */
  readonly rests: (until: number) => void;
  /** The timeline cannot be continued; `why` is the end of a sentence. The owner must abandon the clock in this call. */
  readonly replace: (why: string) => void;
  /** A bug has thrown, and the clock has stopped: the owner must restart the object, which then resumes the show. */
  readonly fail: (error: unknown) => void;
}

/**
 * Drives one timeline in real time: has it make each access unit when it is due. While nobody is there the clock rests. A host
 * or listener who comes rouses it, and all that is due is made at once, so that nobody notices the rest.
 */
export class Clock {
  /** How long after its last sample each part was listed. */
  readonly lateness = new Lateness();
  readonly #timeline: Timeline;
  readonly #owner: Owner;
  readonly #time: ShowTime;
  readonly #timer = new Timer(() => this.#tick());
  #state: "going" | "resting" | "stopped" = "going";
  #choresAt = 0;
  /** When the clock began, or woke from a rest, by the show's time. Parts that end before that could not be on time. */
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

  /** Returns the show's time for the wall clock's time `wall`. */
  read(wall: number): number {
    return this.#time.read(wall);
  }

  /** Ends a rest, because somebody is there: makes all that is due. */
  rouse(): void {
    if (this.#state === "resting") this.#tick();
  }

  /** Takes one message of a host's socket; the clock must have been roused. */
  hear(session: string, message: Uint8Array, wall: number): void {
    const now = this.#time.read(wall);
    this.#timeline.hear(session, message, now);
    // Without hosts the timer was set for a whole part; with this host the next access unit may be due earlier.
    this.#timer.hurry(now, this.#timeline.millisUntilDue(now));
  }

  /** Stops the clock. After a rest it first makes all that is due on its timeline. */
  stop(): void {
    this.#timer.stop();
    if (this.#state === "resting") this.#wake(this.#time.read(Date.now()));
    this.#state = "stopped";
  }

  /** Stops the clock, and releases its timeline, which is not to be continued. */
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
      // Before a rest too: that the last host has gone would else be noted only after it, five minutes later.
      if (now - this.#choresAt >= CHORES_MS || this.#restsUntil(Date.now()) !== null) {
        this.#choresAt = now;
        this.#owner.doChores(now);
      }
      this.#goOn();
    } catch (error) {
      this.#owner.fail(error);
    }
  }

  /** Makes what is due at `now`. Returns whether a part was listed. */
  #advance(now: number): boolean {
    const ends = this.#timeline.advance(now, this.#owner.holdWish(Date.now()));
    for (const end of ends) if (end > this.#since) this.lateness.add(now - end);
    return ends.length > 0;
  }

  /** Makes all that has become due in a rest. Returns whether a part was listed. */
  #wake(now: number): boolean {
    this.#state = "going";
    this.#since = now;
    return this.#timeline.wake(now, this.#owner.mayPassOver(), this.#owner.holdWish(Date.now()));
  }

  /** Sets the timer: for what is due next, or, while nobody needs the timeline, for the end of a rest. */
  #goOn(): void {
    if (this.#state === "stopped") return;
    const wall = Date.now();
    const now = this.#time.read(wall);
    const due = this.#timeline.millisUntilDue(now);
    const until = this.#restsUntil(wall);
    const rest = until === null ? 0 : Math.min(until - wall, REST_MS);
    this.#state = due > 0 && rest > due ? "resting" : "going";
    this.#timer.set(now, this.#state === "resting" ? rest : due);
    if (this.#state === "resting") this.#owner.rests(wall + rest);
  }

  /** Returns until when the timeline can be left alone, by the wall clock; null: it may be needed now. */
  #restsUntil(wall: number): number | null {
    return this.#timeline.mayRest ? this.#owner.restsUntil(wall) : null;
  }
}
