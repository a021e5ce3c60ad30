import type { ShowStatus } from "../status.ts";

/** How long a request is held until the doors open, ms: less than the edge's timeout for the answer (edge/delivery.ts). */
const HELD_MS = 12_000;

/**
 * Holds requests that wait for a show's doors to open. After 12 s they are answered all the same: the show has not begun yet.
 */
export class Doors {
  readonly #held = new Set<() => void>();

  /**
   * Returns the show's status: at once, or, where the request `waits` for doors that are closed, when they open or after 12 s.
   */
  async tell(waits: boolean, status: () => ShowStatus): Promise<ShowStatus> {
    if (waits && status().state === "announced") await this.#opened();
    return status();
  }

  /** Releases all held requests. */
  open(): void {
    for (const release of [...this.#held]) release();
  }

  #opened(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const release = () => {
      clearTimeout(timer);
      this.#held.delete(release);
      resolve();
    };
    const timer = setTimeout(release, HELD_MS);
    this.#held.add(release);
    return promise;
  }
}
