/**
 * A map with a limited number of entries. Setting one more than `max` evicts the entry that was set longest ago. Setting an
 * existing entry again makes it the newest.
 */
export class Bounded<Key, Value> {
  readonly #max: number;
  /** A Map iterates in the order in which its entries were set, so the first one is the oldest. */
  readonly #entries = new Map<Key, Value>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#max) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest as Key);
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }
}
