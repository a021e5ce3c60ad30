import { withLimit } from "../limit.ts";
import { keys } from "../paths.ts";
import type { Item, Shelf } from "./shelf.ts";

/** A put that has not answered by then is tried again; the same bytes under the same name do no harm. */
const PUT_TIMEOUT_MS = 10_000;

/**
 * Keeps a show's init segment and every finished segment in R2, under names written once. It runs beside the timeline
 * and never in its way: what could not be put stays in the object's SQLite and is put again, oldest first, for as long
 * as it takes.
 */
export class Recording {
  readonly #bucket: R2Bucket;
  readonly #id: string;
  readonly #shelf: Pick<Shelf, "next" | "kept">;
  #running: Promise<void> | null = null;
  /** Puts that failed since the object was made. */
  failures = 0;

  /** @param id of the show */
  constructor(bucket: R2Bucket, id: string, shelf: Pick<Shelf, "next" | "kept">) {
    this.#bucket = bucket;
    this.#id = id;
    this.#shelf = shelf;
  }

  /**
   * Puts what is not kept yet, one object after the other; resolves when there is none left or one could not be put.
   * Asked again meanwhile, it is the same run that is waited for.
   */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (let item = this.#shelf.next(); item !== null; item = this.#shelf.next()) {
        await this.#put(item);
        this.#shelf.kept(item);
      }
    } catch (error) {
      this.failures++;
      console.warn(
        `R2 did not take a segment of ${this.#id}; it is kept here and tried again: ${String(error)}`,
      );
    }
  }

  async #put({ epoch, msn, bytes }: Item): Promise<void> {
    const key = msn === null ? keys.init(this.#id, epoch) : keys.segment(this.#id, epoch, msn);
    const put = this.#bucket.put(key, bytes, {
      httpMetadata: { contentType: "audio/mp4", cacheControl: "public, max-age=31536000, immutable" },
    });
    await withLimit(put, PUT_TIMEOUT_MS);
  }
}

/** Deletes everything that was ever kept of broadcast `id`. */
export async function erase(bucket: R2Bucket, id: string): Promise<void> {
  for (let more = true; more; ) {
    const { objects, truncated } = await bucket.list({ prefix: `${id}/` });
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
    more = truncated;
  }
}
