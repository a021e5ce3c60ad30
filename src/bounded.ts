/**
 * A map of so many entries at most. One more than that, and the one that was set longest ago is forgotten; to set an entry
 * again makes it the newest.
 */
export class Bounded<Key, Value> {
  readonly #max: number;
  /** Map order is the order in which entries were set. */
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
