/** How far ahead it is set: for an object that went while nobody was asking anything of it. */
const AHEAD_MS = 30_000;
/** How often it is moved on; each time is a row written. */
const RENEWAL_MS = 10_000;

/** The object's alarm, which brings it back should it be gone by then; times are milliseconds since 1970. */
export class Alarm {
  readonly #set: (time: number | null) => void;
  #renewAt = 0;

  /** @param set stores when the object is to be brought back; null: not at all */
  constructor(set: (time: number | null) => void) {
    this.#set = set;
  }

  /** Moves it on at `now`, where that has not been done lately. */
  renew(now: number): void {
    if (now < this.#renewAt) return;
    this.#renewAt = now + RENEWAL_MS;
    this.arrange(now);
  }

  /** Sets it for an object that does not do by itself what it has to do at `next`. */
  arrange(next: number): void {
    this.#set(next + AHEAD_MS);
  }

  /** Sets it for an object that has nothing to do before `time`. */
  at(time: number): void {
    this.#set(time);
  }

  cancel(): void {
    this.#set(null);
  }
}
