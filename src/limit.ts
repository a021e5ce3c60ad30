/** A timer that fires this much too late shows that the whole process was suspended, ms. */
const SUSPENDED_MS = 1_000;
/** How much longer an answer is waited for after a suspension, ms: whoever was to answer may have been suspended as well. */
const GRACE_MS = 2_000;

/**
 * Calls `onTimeUp` after `millis` ms. If the process was suspended meanwhile (a machine that slept), the call comes two seconds
 * later: after a suspension all overdue timers fire at once, before the first answer is read.
 *
 * @returns cancels the call
 */
export function timeLimit(millis: number, onTimeUp: () => void): () => void {
  const startedAt = Date.now();
  let timer = setTimeout(() => {
    if (Date.now() - startedAt < millis + SUSPENDED_MS) onTimeUp();
    else timer = setTimeout(onTimeUp, GRACE_MS);
  }, millis);
  return () => clearTimeout(timer);
}

/**
 * Returns the promise's outcome, or rejects if there is none within `millis` ms ({@link timeLimit}). The operation behind the
 * promise continues: the platform's calls that are limited here cannot be cancelled.
 */
export function withTimeout<T>(promise: Promise<T>, millis: number): Promise<T> {
  // Not all browsers that the pages are built for have Promise.withResolvers.
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = timeLimit(millis, () => reject(new Error(`no answer in ${millis} ms`)));
  });
  return Promise.race([promise, late]).finally(() => cancel());
}

/** One of {@link Places}. `usedAt` is when its work last went on, ms since 1970; the work keeps it up to date. */
export interface Place {
  usedAt: number;
}

/** A limited number of places for work that takes long. */
export class Places {
  readonly #most: number;
  readonly #idleMs: number;
  readonly #taken = new Set<Place>();

  /**
   * @param most how many may be taken at a time
   * @param idleMs how long after its work last went on a place is free again, ms: the Workers runtime may drop work for good
   *   without telling it
   */
  constructor(most: number, idleMs: number) {
    this.#most = most;
    this.#idleMs = idleMs;
  }

  /** Takes a place at `now` (ms since 1970); null where all are taken. */
  take(now: number): Place | null {
    if (this.#taken.size >= this.#most)
      for (const place of this.#taken) if (now - place.usedAt >= this.#idleMs) this.#taken.delete(place);
    if (this.#taken.size >= this.#most) return null;
    const place = { usedAt: now };
    this.#taken.add(place);
    return place;
  }

  /** Frees a place. To free it again changes nothing. */
  leave(place: Place): void {
    this.#taken.delete(place);
  }
}
