import { Clock } from "./clock.ts";
import type { Programme } from "./programme.ts";
import { Timer } from "./timer.ts";

/** How often what has no event of its own is looked after. */
const CHORES_MS = 1_000;
/**
 * How long a show rests at most: half of what a timeline may stand still (LONGEST_FILL_MS), so that an object which is made
 * anew meanwhile goes on with it.
 */
export const REST_MS = 5 * 60_000;

/** What the owner of a clockwork does for it. Times called `now` are the show's, those called `wall` the wall clock's. */
export interface Owner {
  /** Parts have come. */
  readonly listed: (programme: Programme, now: number) => void;
  /** Looks after what has no event of its own, about once a second. The clockwork may be stopped in it. */
  readonly doChores: (programme: Programme, now: number) => void;
  /** Until when nobody needs anything to be made; null while somebody may. */
  readonly restsUntil: (wall: number) => number | null;
  /** Whether what was made before is where it belongs, and silence that nobody heard need not be. */
  readonly mayPassOver: () => boolean;
  readonly rests: (until: number) => void;
  /** Begins a timeline that can not be gone on with anew; `why` is the end of a sentence. */
  readonly replace: (why: string) => Programme;
  /** A bug has thrown. It must not stop the programme: the object is to restart, and to resume it. */
  readonly fail: (error: unknown) => void;
}

/**
 * Drives a programme in real time: it makes what is due when it is. Where nobody is there it rests, and who comes has what is
 * due made at once, so that nobody can tell.
 */
export class Clockwork {
  readonly #owner: Owner;
  readonly #timer = new Timer(() => this.#tick());
  #clock = new Clock(Date.now(), 0);
  #programme: Programme | null = null;
  #isResting = false;
  #choresAt = 0;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  /** Null while it stands. */
  get programme(): Programme | null {
    return this.#programme;
  }

  /** The show's time where the wall clock says `wall`. */
  read(wall: number): number {
    return this.#clock.read(wall);
  }

  start(programme: Programme): void {
    const wall = Date.now();
    this.#programme = programme;
    this.#clock = new Clock(wall, programme.staleness(wall) === null ? programme.listedUntil : wall);
    this.#tick();
  }

  /** Stops it; the programme, which has all that is due, or null where none was driven. */
  stop(): Programme | null {
    const programme = this.#programme;
    this.#timer.stop();
    this.#programme = null;
    if (programme !== null && this.#isResting) this.#wake(programme, this.#clock.read(Date.now()));
    return programme;
  }

  /** Somebody is there: all that is due is made. */
  rouse(): void {
    if (this.#isResting) this.#tick();
  }

  /** Takes one message of a host's socket. */
  hear(host: string, message: Uint8Array, wall: number): void {
    this.rouse();
    const programme = this.#programme;
    if (programme === null) return;
    const now = this.#clock.read(wall);
    programme.pipeline.hear(host, message, programme.at(now));
    // A timeline without hosts wakes up for whole parts alone.
    this.#timer.hurry(now, programme.millisUntilDue(now));
  }

  #tick(): void {
    let programme = this.#programme;
    if (programme === null) return;
    try {
      const why = programme.staleness(Date.now());
      if (why !== null) programme = this.#replace(programme, why);
      const now = this.#clock.read(Date.now());
      if (this.#isResting ? this.#wake(programme, now) : programme.advance(now)) {
        this.#owner.listed(programme, now);
      }
      if (now - this.#choresAt >= CHORES_MS) {
        this.#choresAt = now;
        this.#owner.doChores(programme, now);
      }
      if (this.#programme !== null) this.#goOn(programme);
    } catch (error) {
      this.#owner.fail(error);
    }
  }

  #replace(programme: Programme, why: string): Programme {
    const next = this.#owner.replace(why);
    this.#programme = next;
    this.#clock = new Clock(Date.now(), 0);
    programme.abandon();
    return next;
  }

  /** Waits for what is due next, where somebody may want it. */
  #goOn(programme: Programme): void {
    const wall = Date.now();
    const now = this.#clock.read(wall);
    const due = programme.millisUntilDue(now);
    const until = programme.mayRest ? this.#owner.restsUntil(wall) : null;
    const rest = until === null ? 0 : Math.min(until - wall, REST_MS);
    this.#isResting = due > 0 && rest > due;
    this.#timer.set(now, this.#isResting ? rest : due);
    if (this.#isResting) this.#owner.rests(wall + rest);
  }

  #wake(programme: Programme, now: number): boolean {
    this.#isResting = false;
    return programme.wake(now, this.#owner.mayPassOver());
  }
}
