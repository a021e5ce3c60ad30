import type { Event } from "../events.ts";
import { type Problem, tooManyFollowers } from "../problem.ts";
import type { Log } from "./log.ts";

/** How long a call waits for the next event, ms. */
const HELD_MS = 15_000;
/** Maximum number of calls that wait at once. */
const MAX_WAITING = 32;
/** Maximum number of events in one answer. */
const PAGE = 100;

/**
 * Answers operators who follow a show's log. Each call names the last event it has, and gets those after it; if there are none
 * it waits. So nothing has to be known of a follower between two calls, or after a restart.
 */
export class Followers {
  readonly #log: Log;
  readonly #waiting = new Set<() => void>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Returns the events after `id`, at most 100, oldest first; none if nothing happens within 15 s, or, without `waits`, at
   * once. While 32 calls wait, a call for which there is no event is refused. That includes one that would not wait, so that a
   * stream can be refused before it begins. An `id` above the show's newest is another show's that had the same name: it means
   * the beginning.
   */
  async after(id: number, waits: boolean): Promise<readonly Event[] | Problem> {
    const from = id > this.#log.newest ? 0 : id;
    if (this.#log.newest > from) return this.#log.after(from, PAGE);
    if (this.#waiting.size >= MAX_WAITING) return tooManyFollowers(MAX_WAITING);
    if (!waits) return [];
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => release(), HELD_MS);
      const release = () => {
        clearTimeout(timer);
        this.#waiting.delete(release);
        resolve();
      };
      this.#waiting.add(release);
    });
    return this.#log.after(from, PAGE);
  }

  /** Releases all waiting calls: the log has a new event, or the show is deleted. */
  tell(): void {
    for (const release of [...this.#waiting]) release();
  }
}
