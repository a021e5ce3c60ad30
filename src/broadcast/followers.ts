import type { Event } from "../events.ts";
import { type Problem, tooManyFollowers } from "../problem.ts";
import type { Log } from "./log.ts";

/** How long a call waits for the next event, milliseconds. */
const HELD_MS = 15_000;
/** Calls that may wait at once. */
const MOST = 32;
/** Events in one answer. */
const PAGE = 100;

/**
 * Who follows a show's log. Each call says what it has and is answered with what comes after that; it waits where there is
 * nothing yet. So nothing is known here of who follows, between two calls or after a restart.
 */
export class Followers {
  readonly #log: Log;
  readonly #waiting = new Set<() => void>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * The events behind `id`, at most a page of them, oldest first; none where nothing has happened for a while. A call that does
   * not wait is told at once that there are none; it is refused too where all places are taken, so that a stream can be refused
   * before it begins. An id that the show has not come to is one of another show that had its name, and stands for the beginning.
   */
  async after(id: number, waits: boolean): Promise<readonly Event[] | Problem> {
    const from = id > this.#log.newest ? 0 : id;
    if (this.#log.newest > from) return this.#log.after(from, PAGE);
    if (this.#waiting.size >= MOST) return tooManyFollowers(MOST);
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

  /** There is something new in the log. */
  tell(): void {
    for (const release of [...this.#waiting]) release();
  }
}
