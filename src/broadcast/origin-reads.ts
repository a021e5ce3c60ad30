import { addCounts, type Counts } from "./counts.ts";
import type { Store } from "./store.ts";

/** Least time between two writes of the counts, ms: they change all the time, and each write is a row. */
const STORE_INTERVAL_MS = 10_000;

/** Counts the reads that Origin has answered since the timeline began, by kind: what all listeners together cost. */
export class OriginReads {
  readonly #store: Store;
  #counts: Counts;
  #storedAt = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#counts = store.originReads();
  }

  get counts(): Counts {
    return this.#counts;
  }

  add(answered: Counts): void {
    this.#counts = addCounts(this.#counts, answered);
  }

  /** Starts from zero, for a new timeline. */
  clear(): void {
    this.#counts = {};
  }

  /** Stores the counts. */
  store(): void {
    this.#store.putOriginReads(this.#counts);
  }

  /** Stores the counts, unless this method did so in the last 10 s. */
  storeAtIntervals(now: number): void {
    if (now - this.#storedAt < STORE_INTERVAL_MS) return;
    this.#storedAt = now;
    this.store();
  }
}
