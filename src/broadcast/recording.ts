import { withLimit } from "../limit.ts";
import { keys } from "../paths.ts";
import type { Bucket } from "./dependencies.ts";
import type { Lifeboat } from "./lifeboat.ts";
import type { Outbox } from "./outbox.ts";
import type { MediaObject } from "./store.ts";

/** A put that has not answered by then is tried again; the same bytes under the same name do no harm. */
const PUT_TIMEOUT_MS = 10_000;
/**
 * Puts that may be out at a time, those that were given up with them: each holds one of the six connections that an object
 * has (Workers, limits), behind which the calls to the SFU would have to queue.
 */
const MOST_PUTS = 2;

/**
 * Keeps a show's init segment and every finished segment in R2, under names written once. It runs beside the timeline
 * and never in its way: what could not be put stays in the object's SQLite and is put again, oldest first, for as long
 * as it takes.
 */
export class Recording {
  readonly #bucket: Bucket;
  readonly #id: string;
  readonly #outbox: Pick<Outbox, "next" | "kept">;
  readonly #lifeboat: Lifeboat | null;
  #latest: Promise<void> = Promise.resolve();
  #isRunning = false;
  /** Puts that R2 has not answered, waited for or given up. */
  #out = 0;
  /** Puts that failed since the object was made. */
  failures = 0;

  /**
   * @param id of the show
   * @param lifeboat gets its lists after what they name; null: there is no copy
   */
  constructor(
    bucket: Bucket,
    id: string,
    outbox: Pick<Outbox, "next" | "kept">,
    lifeboat: Lifeboat | null = null,
  ) {
    this.#bucket = bucket;
    this.#id = id;
    this.#outbox = outbox;
    this.#lifeboat = lifeboat;
  }

  /** Whether R2 is to have something that it does not have. */
  get owes(): boolean {
    return this.#outbox.next() !== null || this.#lifeboat?.owes === true;
  }

  /** As {@link run}, where no more segments may come: the lists' end comes by itself then, for which nobody waits. */
  async settle(): Promise<void> {
    await this.run();
    void this.#lifeboat?.run();
  }

  /**
   * Puts what is not kept yet, one object after the other; resolves when there is none left, one could not be put, or R2
   * owes too many answers. A call while it runs waits for the same run.
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
      while (this.#out < MOST_PUTS) {
        const item = this.#outbox.next();
        if (item === null) return;
        await withLimit(this.#put(item), PUT_TIMEOUT_MS);
      }
    } catch (error) {
      this.failures++;
      console.warn(
        `R2 did not take a segment of ${this.#id}; it is kept here and tried again: ${String(error)}`,
      );
    } finally {
      // Set here, and not when the promise has settled: a segment that is finished in between would wait for the next one.
      this.#isRunning = false;
    }
  }

  /** Puts one object. It counts as kept whenever R2 says so, also after the put was given up. */
  async #put(item: MediaObject): Promise<void> {
    const { epoch, msn, bytes } = item;
    const key = msn === null ? keys.init(this.#id, epoch) : keys.segment(this.#id, epoch, msn);
    this.#out++;
    try {
      await this.#bucket.put(key, bytes, {
        httpMetadata: { contentType: "audio/mp4", cacheControl: "public, max-age=31536000, immutable" },
      });
    } finally {
      this.#out--;
    }
    this.#outbox.kept(item);
    if (msn !== null) this.#lifeboat?.kept(epoch);
  }
}
