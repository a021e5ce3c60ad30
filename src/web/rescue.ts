/** Where the sound comes from: the relay, or the copy of the show that is served without it. */
export type Source = "primary" | "copy";

/** How long a join may take before the copy is asked too, ms. */
const JOIN_MS = 1_500;
/**
 * The primary is looked at again after a time between these two, ms, drawn anew each time: a million pages come back within a
 * minute of its recovery, and not in the same second; while it is down they ask for 30,000 lists a second in all.
 */
const LOOK_MIN_MS = 15_000;
const LOOK_MAX_MS = 50_000;
/** Where the copy brings nothing either, the primary is looked at this often, ms. */
const LOOK_DRY_MS = 2_000;
/** After this long without media of either, one who has none in hand joins anew, and is told so, ms. */
const LOST_MS = 6_000;

/**
 * Decides which of the two is played, of one who listens: the primary, until it has brought nothing for longer than it may and
 * the copy has what is lacking; then the copy, until a look at the primary finds it well. It knows no clock and does nothing:
 * times are milliseconds on one clock, any.
 */
export class Rescue {
  #source: Source = "primary";
  /** When media last came from the source, or it was turned to. */
  #movedAt = 0;
  #patience = JOIN_MS;
  #isDoubtful = false;
  #lookAt = 0;
  readonly #random: () => number;

  /** @param random a number from 0 to 1, as Math.random */
  constructor(random = Math.random) {
    this.#random = random;
  }

  get source(): Source {
    return this.#source;
  }

  /** The player joins, by the primary. One that has failed a moment ago is still in doubt. */
  join(now: number): void {
    this.#source = "primary";
    this.#movedAt = now;
    this.#patience = JOIN_MS;
  }

  /** Media has come, of which more is due within `patience` ms. */
  moved(now: number, patience: number): void {
    this.#movedAt = now;
    this.#patience = patience;
    this.#isDoubtful = false;
  }

  /** The primary has said that it can not. */
  failed(): void {
    this.#isDoubtful = true;
  }

  /** Whether the copy is to be asked as well. */
  isInDoubt(now: number): boolean {
    return this.#source === "primary" && (this.#isDoubtful || this.#isDry(now));
  }

  /** Whether neither brings anything. To be asked where there is nothing in hand. */
  isLost(now: number): boolean {
    return now - this.#movedAt > Math.max(LOST_MS, 2 * this.#patience);
  }

  /** The copy has what the primary has not brought. */
  toCopy(now: number): void {
    this.#source = "copy";
    this.#movedAt = now;
    this.#isDoubtful = false;
    this.#planLook(now);
  }

  /** Whether it is time to look whether the primary is well. */
  shallLook(now: number): boolean {
    return this.#source === "copy" && now >= this.#lookAt;
  }

  /** It was looked at and is not well. */
  stillIll(now: number): void {
    this.#planLook(now);
    if (this.#isDry(now)) this.#lookAt = now + LOOK_DRY_MS;
  }

  /** It was looked at and is well. */
  toPrimary(now: number): void {
    this.#source = "primary";
    this.#movedAt = now;
    this.#isDoubtful = false;
  }

  /** Nothing has come for longer than it may take. On the copy, the primary is then looked at without delay. */
  dry(now: number): void {
    if (this.#source === "copy" && this.#isDry(now)) this.#lookAt = Math.min(this.#lookAt, now);
  }

  #isDry(now: number): boolean {
    return now - this.#movedAt > this.#patience;
  }

  #planLook(now: number): void {
    this.#lookAt = now + LOOK_MIN_MS + (LOOK_MAX_MS - LOOK_MIN_MS) * this.#random();
  }
}
