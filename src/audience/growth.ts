import { SHARD_REQUESTS } from "./pace.ts";

/** How many shards may count a show: the uppermost alone, or so many below it. */
const SHARD_COUNTS: readonly number[] = [1, 4, 16, 64];

/**
 * With more isolates than this for each shard, a show gets more shards. It is three eighths of the 1,600 that a shard can hear
 * every ten seconds (pace.ts): while isolates move to other shards, the uppermost hears those that leave it, those that come
 * back, and all that are new.
 */
export const FULL = 3 * SHARD_REQUESTS;
/**
 * With fewer isolates than this for each of the next lower number of shards, that number is enough. It is a third of
 * {@link FULL}, so that one change does not bring about the other.
 */
export const FREE = FULL / 3;
/** For how long fewer must have been enough. After a restart all that report are known again well before that. */
const CALM_MS = 60_000;

/** The next larger number of shards, or the largest. */
export function moreThan(count: number): number {
  return SHARD_COUNTS.find((more) => more > count) ?? count;
}

/** How many shards count a show, by how many isolates report: more at once, fewer when that has been enough for a while. */
export class Growth {
  readonly #full: number;
  readonly #free: number;
  #count: number;
  #busyAt: number;

  /** From `count` shards at `ms`. */
  constructor(count: number, ms: number, full = FULL, free = FREE) {
    this.#count = count;
    this.#busyAt = ms;
    this.#full = full;
    this.#free = free;
  }

  get count(): number {
    return this.#count;
  }

  /** The number for `isolates` that report, all shards together. */
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
