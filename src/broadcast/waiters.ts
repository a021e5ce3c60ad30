/** Requests whose deadlines are less than this apart, ms, share the earlier deadline. */
const SHARED_MS = 100;

/**
 * Holds requests until the timeline reaches what they ask for. Requests for the same thing that come at about the same time
 * share one promise. The owner calls {@link release}: nothing here has a timer.
 */
export class Waiters<Condition> {
  readonly #waiting = new Map<string, Waiting<Condition>>();

  /** The number of distinct conditions that are waited for. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for `condition`, identified by `key`, until `deadline` (milliseconds since 1970) or just before it. Returns true if
   * the condition came to hold, false if the deadline passed first.
   */
  until(key: string, condition: Condition, deadline: number): Promise<boolean> {
    const waiting = this.#waiting.get(key) ?? { condition, turns: [] };
    this.#waiting.set(key, waiting);
    const last = waiting.turns.at(-1);
    if (last !== undefined && deadline - last.deadline < SHARED_MS) return last.promise;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    waiting.turns.push({ deadline, promise, resolve });
    return promise;
  }

  /** Releases the requests whose condition holds now, and those past their deadline. */
  release(holds: (condition: Condition) => boolean, now: number): void {
    for (const [key, { condition, turns }] of this.#waiting) {
      const met = holds(condition);
      const over = met ? turns.length : turns.filter(({ deadline }) => deadline <= now).length;
      for (const { resolve } of turns.splice(0, over)) resolve(met);
      if (turns.length === 0) this.#waiting.delete(key);
    }
  }

  /** Releases all requests, as if their conditions held: what they waited for is decided for good. */
  releaseAll(): void {
    this.release(() => true, 0);
  }
}

interface Waiting<Condition> {
  readonly condition: Condition;
  /** In order of arrival, and so of their deadlines. */
  readonly turns: Turn[];
}

interface Turn {
  readonly deadline: number;
  readonly promise: Promise<boolean>;
  readonly resolve: (met: boolean) => void;
}
