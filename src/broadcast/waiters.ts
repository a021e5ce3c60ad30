/**
 * Requests held until the timeline reaches what they ask for. All that wait for the same thing share one promise, and
 * the clock is the shell's: nothing here has a timer of its own.
 */
export class Waiters<Condition> {
  readonly #held = new Map<string, Held<Condition>>();

  /** How many distinct conditions are being waited for. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Waits for `condition`, named `key`, until `deadline` (milliseconds since 1970) at most. True when it came to hold,
   * false when the deadline passed first. A later deadline for the same key keeps the earlier one's promise.
   */
  until(key: string, condition: Condition, deadline: number): Promise<boolean> {
    const held = this.#held.get(key);
    if (held !== undefined) return held.promise;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#held.set(key, { condition, deadline, promise, resolve });
    return promise;
  }

  /** Lets go of those whose condition holds now, and of those whose time is up. */
  release(holds: (condition: Condition) => boolean, now: number): void {
    for (const [key, held] of this.#held) {
      const met = holds(held.condition);
      if (!met && now < held.deadline) continue;
      this.#held.delete(key);
      held.resolve(met);
    }
  }

  /** Lets go of all: what they waited for is decided for good. */
  releaseAll(): void {
    this.release(() => true, 0);
  }
}

interface Held<Condition> {
  readonly condition: Condition;
  readonly deadline: number;
  readonly promise: Promise<boolean>;
  readonly resolve: (met: boolean) => void;
}
