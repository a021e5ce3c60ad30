import { withTimeout } from "../limit.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Life } from "./life.ts";
import { LifeboatLists, type OwedList } from "./lifeboat-lists.ts";
import type { Outbox } from "./outbox.ts";

/** Timeout for a put, ms. A put that timed out is given up; a later list replaces it. */
const PUT_TIMEOUT_MS = 10_000;
/** Least time between two puts of a list, ms: R2 takes one write a second under a key. */
const PUT_INTERVAL_MS = 1_000;
/** Unanswered puts at a time, those given up included: each holds one of the six connections that an object has. */
const MOST_PUTS = 2;

const HEADERS = {
  contentType: "application/vnd.apple.mpegurl",
  // One second is the least there is. A cache that cannot reach R2 must not go on serving a list that stands still.
  cacheControl: "public, max-age=1, must-revalidate",
};

/**
 * Keeps the lists of a show's copy in R2; players use the copy when no Worker answers. Each list is put after the media that it
 * names. This runs beside the recording and never delays it. If R2 does not take a list, the next list replaces it.
 */
export class Lifeboat {
  readonly #bucket: Pick<R2Bucket, "put">;
  readonly #lists: LifeboatLists;
  /** When the last put of each list began, by key, ms since 1970. */
  readonly #putAt = new Map<string, number>();
  /** The keys of puts that R2 has not answered. */
  readonly #out: string[] = [];
  #latest: Promise<void> = Promise.resolve();
  #isRunning = false;

  constructor(bucket: Pick<R2Bucket, "put">, lists: LifeboatLists) {
    this.#bucket = bucket;
    this.#lists = lists;
  }

  /** Notes that R2 has one more segment of a timeline. */
  markKept(epoch: string): void {
    this.#lists.markKept(epoch);
    void this.run();
  }

  /** Whether R2 is owed a list. */
  get owes(): boolean {
    return this.#lists.next() !== null;
  }

  /**
   * Puts the lists that R2 is owed. Resolves when none is left, a put failed, or R2 has too many puts unanswered. A call
   * during a run waits for that run.
   */
  run(): Promise<void> {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#latest = this.#run();
    }
    return this.#latest;
  }

  async #run(): Promise<void> {
    try {
      while (this.#out.length < MOST_PUTS) {
        const list = this.#lists.next();
        // If an earlier put arrived after the last list, it would overwrite that list for good.
        if (list === null || (list.isLast && this.#out.includes(list.key))) return;
        const wait = this.#waitFor(list.key);
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        else await this.#put(list);
      }
    } catch (error) {
      console.warn(`R2 did not take a list; the next one stands for it: ${String(error)}`);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Returns how long to wait before a list is put, ms. After the wall clock was set back, there is nothing to wait for. */
  #waitFor(key: string): number {
    const wait = (this.#putAt.get(key) ?? Number.NEGATIVE_INFINITY) + PUT_INTERVAL_MS - Date.now();
    return wait > PUT_INTERVAL_MS ? 0 : Math.max(0, wait);
  }

  async #put(list: OwedList): Promise<void> {
    const { key } = list;
    this.#putAt.set(key, Date.now());
    this.#out.push(key);
    let isLate = false;
    const answered = this.#bucket.put(key, list.text(), { httpMetadata: HEADERS }).finally(() => {
      this.#out.splice(this.#out.indexOf(key), 1);
      if (!isLate) return;
      this.#lists.mayBeOld(key);
      void this.run();
    });
    try {
      await withTimeout(answered, PUT_TIMEOUT_MS);
    } catch (error) {
      isLate = true;
      throw error;
    }
    list.markPut();
  }
}

/** Returns the lifeboat of a show; null if the deployment has no copy. */
export function lifeboatOf(
  { bucket, store, lifeboatUrl }: Dependencies,
  outbox: Outbox,
  life: () => Life,
): Lifeboat | null {
  return lifeboatUrl === null ? null : new Lifeboat(bucket, new LifeboatLists(store, outbox, life));
}
