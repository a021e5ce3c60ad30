import { SHARD_REQUESTS } from "./pace.ts";

/** How many shards a show may be counted on: one that is its own uppermost, or as many below it. */
const SHARD_COUNTS: readonly number[] = [1, 4, 16, 64];

/**
 * Isolates for each shard above which there are more shards: three in eight of the places it has (pace.ts), for while they
 * change over the uppermost one hears those who come, those who go, and all who are new.
 */
export const FULL = 3 * SHARD_REQUESTS;
/** Isolates for each of the fewer shards below which they are enough; a third, so that a change is not taken back. */
export const FREE = FULL / 3;
/** How long fewer must have been enough: those who report are known again a good while before, after a restart. */
const CALM_MS = 60_000;

/** The next larger number of shards, or the largest. */
export function moreThan(count: number): number {
  return SHARD_COUNTS.find((more) => more > count) ?? count;
}

/** How many shards a show is counted on, by how many isolates report: up at once, down when it has been calm. */
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
