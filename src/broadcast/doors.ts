import type { ShowStatus } from "../status.ts";

/** How long one is held who waits for the doors, milliseconds: shorter than the edge waits for the answer. */
const HELD_MS = 12_000;

/** Those who wait for a show's doors to open. They are held for a while, and then told that it has not begun yet. */
export class Doors {
  readonly #held = new Set<() => void>();

  /** How the show is: now, or, for who waits for one that has not begun, when it does or after 12 s. */
  async tell(waits: boolean, status: () => ShowStatus): Promise<ShowStatus> {
    if (waits && status().state === "announced") await this.#opened();
    return status();
  }

  /** Lets all go. */
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
