import { withLimit } from "../limit.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Life } from "./life.ts";
import { LifeboatLists, type OwedList } from "./lifeboat-lists.ts";
import type { Outbox } from "./outbox.ts";

/** A put that has not answered by then is given up; a later list stands for it. */
const PUT_TIMEOUT_MS = 10_000;
/** How often a list is put at the most: R2 takes one write a second under a key. */
const APART_MS = 1_000;
/** Puts that may be out at a time, one that was given up with them: each holds one of the six connections that an object has. */
const MOST_PUTS = 2;

const HEADERS = {
  contentType: "application/vnd.apple.mpegurl",
  // A second is the least there is; a cache that can not reach R2 must not go on handing out a list that stands still.
  cacheControl: "public, max-age=1, must-revalidate",
};

/**
 * Keeps the lists of a show's copy in R2, each after what it names: what is played where no Worker answers. It runs beside the
 * recording and never in its way: where R2 does not take a list, the next one stands for it.
 */
export class Lifeboat {
  readonly #bucket: Pick<R2Bucket, "put">;
  readonly #lists: LifeboatLists;
  /** When each list was last begun to be put, by key. */
  readonly #putAt = new Map<string, number>();
  /** The keys of puts that R2 has not answered. */
  readonly #out: string[] = [];
  #latest: Promise<void> = Promise.resolve();
  #isRunning = false;
  #isAbandoned = false;

  constructor(bucket: Pick<R2Bucket, "put">, lists: LifeboatLists) {
    this.#bucket = bucket;
    this.#lists = lists;
  }

  /** R2 has one more segment of a timeline. */
  kept(epoch: string): void {
    this.#lists.kept(epoch);
    void this.run();
  }

  /** Whether R2 is to have a list that it does not have. */
  get owes(): boolean {
    return !this.#isAbandoned && this.#lists.next() !== null;
  }

  /**
   * Puts what R2 is to have; resolves when there is nothing left, one could not be put, or R2 owes too many answers. A call while it
   * runs waits for the same run.
   */
  run(): Promise<void> {
    if (!this.#isRunning && !this.#isAbandoned) {
      this.#isRunning = true;
      this.#latest = this.#run();
    }
    return this.#latest;
  }

  /** Puts nothing any more. Resolves when R2 has answered what is out, or has had the time for it. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    await this.#latest;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isAbandoned && this.#out.length < MOST_PUTS) {
        const list = this.#lists.next();
        // An earlier list that comes after the last one would stay.
        if (list === null || (list.isLast && this.#out.includes(list.key))) return;
        const wait = (this.#putAt.get(list.key) ?? Number.NEGATIVE_INFINITY) + APART_MS - Date.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(wait, APART_MS)));
        else await this.#put(list);
      }
    } catch (error) {
      console.warn(`R2 did not take a list; the next one stands for it: ${String(error)}`);
    } finally {
      this.#isRunning = false;
    }
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
      await withLimit(answered, PUT_TIMEOUT_MS);
    } catch (error) {
      isLate = true;
      throw error;
    }
    list.isPut();
  }
}

/** A show's; null where the deployment has no copy. */
export function lifeboatOf(
  { bucket, store, lifeboatUrl }: Dependencies,
  outbox: Outbox,
  life: () => Life,
): Lifeboat | null {
  return lifeboatUrl === null ? null : new Lifeboat(bucket, new LifeboatLists(store, outbox, life));
}
