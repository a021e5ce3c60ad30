/** Those who come within this time of each other wait equally long, milliseconds. */
const SHARED_MS = 100;

/**
 * Requests held until the timeline reaches what they ask for. All that wait for the same thing from about the same time on
 * share one promise, and the clock is the shell's: nothing here has a timer of its own.
 */
export class Waiters<Condition> {
  readonly #held = new Map<string, Held<Condition>>();

  /** How many distinct conditions are being waited for. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Waits for `condition`, named `key`, until `deadline` (milliseconds since 1970) or just before it. True when it came to
   * hold, false when the deadline passed first.
   */
  until(key: string, condition: Condition, deadline: number): Promise<boolean> {
    const held = this.#held.get(key) ?? { condition, turns: [] };
    this.#held.set(key, held);
    const last = held.turns.at(-1);
    if (last !== undefined && deadline - last.deadline < SHARED_MS) return last.promise;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    held.turns.push({ deadline, promise, resolve });
    return promise;
  }

  /** Lets go of those whose condition holds now, and of those whose time is up. */
  release(holds: (condition: Condition) => boolean, now: number): void {
    for (const [key, { condition, turns }] of this.#held) {
      const met = holds(condition);
      const over = met ? turns.length : turns.filter(({ deadline }) => deadline <= now).length;
      for (const { resolve } of turns.splice(0, over)) resolve(met);
      if (turns.length === 0) this.#held.delete(key);
    }
  }

  /** Lets go of all: what they waited for is decided for good. */
  releaseAll(): void {
    this.release(() => true, 0);
  }
}

interface Held<Condition> {
  readonly condition: Condition;
  /** In the order in which they came, and so of their deadlines. */
  readonly turns: Turn[];
}

interface Turn {
  readonly deadline: number;
  readonly promise: Promise<boolean>;
  readonly resolve: (met: boolean) => void;
}
