import { setTimeout as sleep } from "node:timers/promises";

/** How often and how long {@link until} asks. */
export interface Polling {
  /** For how long it asks, ms. */
  readonly within: number;
  /** How long it waits after an answer, ms; 100 by default. */
  readonly every?: number;
  /** The sentence of the error; by default it names the time. */
  readonly failure?: () => string;
}

/**
 * Asks again and again, and returns the first answer that is neither null nor false nor undefined. Throws where none comes within
 * its time. Concurrent tests can not use the runner's own poll, which does not know in which of them it is.
 */
export async function until<T>(
  ask: () => T | null | false | undefined | Promise<T | null | false | undefined>,
  { within, every = 100, failure = () => `not within ${within / 1000} s` }: Polling,
): Promise<T> {
  for (const end = performance.now() + within; ; await sleep(every)) {
    const answer = await ask();
    if (answer !== null && answer !== false && answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(failure());
  }
}
