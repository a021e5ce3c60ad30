/** How far ahead a revival is arranged: for an object that went while nobody was asking anything of it. */
const REVIVAL_MS = 30_000;
/** How often it is moved on; each time is a row written. */
const RENEWAL_MS = 10_000;

/** The alarm that brings an object back, should it be gone by then; times are milliseconds since 1970. */
export class Revival {
  readonly #reviveAt: (time: number | null) => void;
  #renewAt = 0;

  constructor(reviveAt: (time: number | null) => void) {
    this.#reviveAt = reviveAt;
  }

  /** Moves it on at `now`, where that has not been done lately. */
  renew(now: number): void {
    if (now < this.#renewAt) return;
    this.#renewAt = now + RENEWAL_MS;
    this.arrange(now);
  }

  /** Arranges it for an object that does not do by itself what it has to do at `next`. */
  arrange(next: number): void {
    this.#reviveAt(next + REVIVAL_MS);
  }

  cancel(): void {
    this.#reviveAt(null);
  }
}
