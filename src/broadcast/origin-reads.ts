import { addCounts, type Counts } from "./counts.ts";
import type { Store } from "./store.ts";

/** How often what changes all the time is stored; each time is a row written. */
const STORED_MS = 10_000;

/** How many reads Origin has answered since a show's timeline began, by kind: what all its listeners together cost. */
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

  /** Another timeline begins. */
  clear(): void {
    this.#counts = {};
  }

  /** Stores them. */
  keep(): void {
    this.#store.putOriginReads(this.#counts);
  }

  /** Keeps them if that has not been done for a while. */
  keepNowAndThen(now: number): void {
    if (now - this.#storedAt < STORED_MS) return;
    this.#storedAt = now;
    this.keep();
  }
}
