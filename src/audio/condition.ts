/** What a stretch of sound says of a condition. `between`: neither, which is what keeps a condition at its threshold from flapping. */
export type Verdict = "bad" | "between" | "good";

/** How long, in samples, it must be bad before a condition is raised, and good before it is over. */
export interface Patience {
  /** Bad for so long in all, and it is raised. */
  readonly raise: number;
  /** Good for so long in one piece, and what was bad before does not count any more. */
  readonly forget: number;
  /** Good for so long in one piece, and a raised one is over. */
  readonly clear: number;
}

/** One condition of a line of sound, which is raised and cleared with hysteresis. */
export class Condition {
  readonly #patience: Patience;
  #bad = 0;
  #good = 0;
  #isRaised = false;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  get isRaised(): boolean {
    return this.#isRaised;
  }

  /** Samples that were bad since the last time it was good for long enough. */
  get lasts(): number {
    return this.#bad;
  }

  /** Takes what the next `count` samples say; whether it is raised, where that has changed, and else null. */
  push(verdict: Verdict, count: number): boolean | null {
    const { raise, forget, clear } = this.#patience;
    this.#good = verdict === "good" ? this.#good + count : verdict === "bad" ? 0 : this.#good;
    if (verdict === "bad" || (this.#isRaised && verdict === "between")) this.#bad += count;
    const isOver = this.#good >= (this.#isRaised ? clear : forget);
    if (verdict === "good" && isOver) this.#bad = 0;
    if (this.#isRaised ? this.#bad > 0 : this.#bad < raise) return null;
    this.#isRaised = !this.#isRaised;
    this.#good = 0;
    return this.#isRaised;
  }

  /** What it is about is over. Whether it was raised. */
  end(): boolean {
    const was = this.#isRaised;
    this.#isRaised = false;
    this.#bad = 0;
    this.#good = 0;
    return was;
  }
}
