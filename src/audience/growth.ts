import { SHARD_REQUESTS } from "./pace.ts";

/** The possible numbers of shards of a show: the uppermost alone, or so many below it. */
const SHARD_COUNTS: readonly number[] = [1, 4, 16, 64];

/**
 * With more isolates per shard than this, a show gets more shards. It is three eighths of the 1,600 that a shard can hear every
 * ten seconds (pace.ts). The reserve is for the time when isolates move to other shards: the uppermost shard then hears those
 * that leave it, those that come back, and all new ones.
 */
export const GROW_ABOVE = 3 * SHARD_REQUESTS;
/**
 * The next lower number of shards is enough if each of them would have fewer isolates than this. It is a third of {@link GROW_ABOVE},
 * so that a change in one direction does not cause one in the other.
 */
export const SHRINK_BELOW = GROW_ABOVE / 3;
/** How long the lower number must have been enough, ms. After a restart all reporters are known again well before that. */
const CALM_MS = 60_000;

/** Returns the next larger number of shards, or the same if it is the largest. */
export function moreThan(count: number): number {
  return SHARD_COUNTS.find((more) => more > count) ?? count;
}

/** Chooses a show's number of shards by its number of reporting isolates. It grows at once, and shrinks after {@link CALM_MS}. */
export class Growth {
  readonly #full: number;
  readonly #free: number;
  #count: number;
  #busyAt: number;

  /** Starts with `count` shards at time `ms`. */
  constructor(count: number, ms: number, full = GROW_ABOVE, free = SHRINK_BELOW) {
    this.#count = count;
    this.#busyAt = ms;
    this.#full = full;
    this.#free = free;
  }

  get count(): number {
    return this.#count;
  }

  /** Returns the number of shards for `isolates`, which is the number of reporters on all shards together. */
  at(isolates: number, ms: number): number {
    while (isolates > this.#full * this.#count && moreThan(this.#count) > this.#count) {
      this.#count = moreThan(this.#count);
      this.#busyAt = ms;
    }
    const fewer = SHARD_COUNTS.findLast((count) => count < this.#count);
    if (fewer === undefined || isolates > this.#free * fewer) this.#busyAt = ms;
    else if (ms - this.#busyAt >= CALM_MS) {
      this.#count = fewer;
      this.#busyAt = ms;
    }
    return this.#count;
  }
}
