/** Where a player's media comes from: the relay (the primary), or the copy of the show, which is served without a Worker. */
export type Source = "primary" | "copy";

/** How long a join by the primary may take before the page asks the copy too, ms. */
const JOIN_MS = 1_500;
/**
 * A page on the copy checks the primary after a random time between these two, ms, drawn anew each time. So a million pages
 * return within a minute of its recovery, and not in the same second. While it is down, they ask for 30,000 lists a second.
 */
const CHECK_MIN_MS = 15_000;
const CHECK_MAX_MS = 50_000;
/** While the copy brings no media either, the page checks the primary this often, ms. */
const CHECK_DRY_MS = 2_000;
/** After this long without media from either source, a player whose buffer is empty joins again and shows that, ms. */
const LOST_MS = 6_000;

/**
 * Decides which source one player uses. It uses the primary until that has brought no media for too long, and the copy has the
 * missing media. Then it uses the copy until a check finds the primary well. The class has no clock and does no I/O: all
 * times are ms of any one clock.
 */
export class FailoverPlan {
  #source: Source = "primary";
  /** When media last came from the source, or the player switched to it. */
  #movedAt = 0;
  /** How long after that more media is due, ms. */
  #patience = JOIN_MS;
  /** Whether the primary has failed since media last came. */
  #isDoubtful = false;
  /** When the primary is checked next. */
  #checkAt = 0;
  readonly #random: () => number;

  /** @param random returns a random number from 0 to 1, as Math.random does */
  constructor(random = Math.random) {
    this.#random = random;
  }

  get source(): Source {
    return this.#source;
  }

  /** Notes that the player joins by the primary. If the primary has just failed, it stays in doubt. */
  join(now: number): void {
    this.#source = "primary";
    this.#movedAt = now;
    this.#patience = JOIN_MS;
  }

  /** Notes that media has come. More of it is due within `patience` ms. */
  moved(now: number, patience: number): void {
    this.#movedAt = now;
    this.#patience = patience;
    this.#isDoubtful = false;
  }

  /** Notes that a request to the primary has failed. */
  failed(): void {
    this.#isDoubtful = true;
  }

  /** Whether to ask the copy as well: the primary has failed, or has brought no media for too long. */
  isInDoubt(now: number): boolean {
    return this.#source === "primary" && (this.#isDoubtful || this.#isDry(now));
  }

  /** Whether both sources have brought no media for too long. Ask only while the buffer is empty. */
  isLost(now: number): boolean {
    return now - this.#movedAt > Math.max(LOST_MS, 2 * this.#patience);
  }

  /** Switches to the copy, because it has media that the primary has not brought. */
  toCopy(now: number): void {
    this.#source = "copy";
    this.#movedAt = now;
    this.#isDoubtful = false;
    this.#planCheck(now);
  }

  /** Whether it is time to check the primary. */
  isCheckDue(now: number): boolean {
    return this.#source === "copy" && now >= this.#checkAt;
  }

  /** Notes that a check found the primary not well, and plans the next one. */
  checkFailed(now: number): void {
    this.#planCheck(now);
    if (this.#isDry(now)) this.#checkAt = now + CHECK_DRY_MS;
  }

  /** Switches to the primary, because a check found it well. */
  toPrimary(now: number): void {
    this.#source = "primary";
    this.#movedAt = now;
    this.#isDoubtful = false;
  }

  /** If the copy has brought no media for too long, the primary is checked without delay. Call it regularly. */
  noteIfDry(now: number): void {
    if (this.#source === "copy" && this.#isDry(now)) this.#checkAt = Math.min(this.#checkAt, now);
  }

  #isDry(now: number): boolean {
    return now - this.#movedAt > this.#patience;
  }

  #planCheck(now: number): void {
    this.#checkAt = now + checkWait(this.#random());
  }
}

/** Returns how long a page on the copy waits before it checks the primary, ms, for a random number from 0 to 1. */
export function checkWait(random: number): number {
  return CHECK_MIN_MS + (CHECK_MAX_MS - CHECK_MIN_MS) * random;
}
