/** How exact a timer is, milliseconds. */
const TIMER_MS = 2;

/** The timer of a show's clock, which has one at a time. */
export class Timer {
  readonly #then: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** When it goes off, by the show's time. */
  #at = 0;

  /** @param then what is done when it goes off */
  constructor(then: () => void) {
    this.#then = then;
  }

  /** Has it go off `millis` after `now`, by the show's time, and not when it was to before. */
  set(now: number, millis: number): void {
    this.stop();
    this.#at = now + millis;
    this.#timer = setTimeout(this.#then, millis);
  }

  /** Has it go off `millis` after `now` at the latest; it is left as it is where that is no more than its inaccuracy. */
  hurry(now: number, millis: number): void {
    if (now + millis < this.#at - TIMER_MS) this.set(now, millis);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
