/** How a stretch of sound is judged for one condition. `between` is neither; it avoids flapping at the threshold. */
export type Verdict = "bad" | "between" | "good";

/** How long, in samples, sound must be bad before a condition is raised, and good before it is cleared. */
export interface Hysteresis {
  /** The condition is raised after this much bad sound in total. */
  readonly raise: number;
  /** This much good sound without a break resets the count of bad sound. */
  readonly forget: number;
  /** This much good sound without a break clears a raised condition. */
  readonly clear: number;
}

/** One condition of a line of sound; raised and cleared with hysteresis. */
export class Condition {
  readonly #hysteresis: Hysteresis;
  #bad = 0;
  #good = 0;
  #isRaised = false;

  constructor(hysteresis: Hysteresis) {
    this.#hysteresis = hysteresis;
  }

  get isRaised(): boolean {
    return this.#isRaised;
  }

  /** Samples that were bad since sound was last good for long enough; while it is raised, `between` counts as bad. */
  get lasts(): number {
    return this.#bad;
  }

  /** Takes the verdict on the next `count` samples. Returns whether the condition is raised if that has changed, else null. */
  push(verdict: Verdict, count: number): boolean | null {
    const { raise, forget, clear } = this.#hysteresis;
    this.#good = verdict === "good" ? this.#good + count : verdict === "bad" ? 0 : this.#good;
    if (verdict === "bad" || (this.#isRaised && verdict === "between")) this.#bad += count;
    const isOver = this.#good >= (this.#isRaised ? clear : forget);
    if (verdict === "good" && isOver) this.#bad = 0;
    if (this.#isRaised ? this.#bad > 0 : this.#bad < raise) return null;
    this.#isRaised = !this.#isRaised;
    this.#good = 0;
    return this.#isRaised;
  }

  /** Resets the condition because the line it watches has ended. Returns whether it was raised. */
  end(): boolean {
    const was = this.#isRaised;
    this.#isRaised = false;
    this.#bad = 0;
    this.#good = 0;
    return was;
  }
}
