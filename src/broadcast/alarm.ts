/** The alarm fires so long after the object should have acted, ms. It restarts one that was evicted while it had no requests. */
const AHEAD_MS = 30_000;
/** How often a running show moves the alarm on, ms; each time writes a row. */
const RENEWAL_MS = 10_000;

/** The object's alarm, which restarts the object if it is gone. Times are milliseconds since 1970. */
export class Alarm {
  readonly #set: (time: number | null) => void;
  #renewAt = 0;

  /** @param set sets the alarm's time; null deletes the alarm */
  constructor(set: (time: number | null) => void) {
    this.#set = set;
  }

  /** Moves the alarm on at `now`, unless that was done in the last 10 s. */
  renew(now: number): void {
    if (now < this.#renewAt) return;
    this.#renewAt = now + RENEWAL_MS;
    this.setFallback(now);
  }

  /** Sets the alarm 30 s after `next`, as a fallback: the object is to act at `next` without it, and may fail to or be gone. */
  setFallback(next: number): void {
    this.#set(next + AHEAD_MS);
  }

  /** Sets the alarm to `time` itself, for an object that has nothing to do before and may sleep until then. */
  setExact(time: number): void {
    this.#set(time);
  }

  cancel(): void {
    this.#set(null);
  }
}
