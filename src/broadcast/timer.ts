/** Accuracy of a timer, ms. */
const ACCURACY_MS = 2;

/** The timer of a show's clock: one at a time. */
export class Timer {
  readonly #then: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** When the timer fires, in show time. */
  #at = 0;

  /** @param then called when the timer fires */
  constructor(then: () => void) {
    this.#then = then;
  }

  /** Sets the timer to fire `millis` after `now`, in show time; replaces the previous setting. */
  set(now: number, millis: number): void {
    this.stop();
    this.#at = now + millis;
    this.#timer = setTimeout(this.#then, millis);
  }

  /** Has the timer fire `millis` after `now` at the latest. Leaves it as it is if the gain is within its accuracy. */
  hurry(now: number, millis: number): void {
    if (now + millis < this.#at - ACCURACY_MS) this.set(now, millis);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
