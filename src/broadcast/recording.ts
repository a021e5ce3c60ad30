import { withLimit } from "../limit.ts";
import { keys } from "../paths.ts";

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
  readonly #epoch: string;
  readonly #shelf: Shelf;
  #running: Promise<void> | null = null;
  #init: Uint8Array | null;
  /** Puts that failed since the show began. */
  failures = 0;

  constructor(bucket: R2Bucket, show: { id: string; epoch: string; init: Uint8Array }, shelf: Shelf) {
    this.#bucket = bucket;
    this.#id = show.id;
    this.#epoch = show.epoch;
    this.#init = show.init;
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
      if (this.#init !== null) {
        await this.#put(keys.init(this.#id, this.#epoch), this.#init);
        this.#init = null;
      }
      for (let next = this.#shelf.next(); next !== null; next = this.#shelf.next()) {
        await this.#put(keys.segment(this.#id, this.#epoch, next.msn), next.bytes);
        this.#shelf.kept(next.msn);
      }
    } catch (error) {
      this.failures++;
      console.warn(
        `R2 did not take a segment of ${this.#id}; it is kept here and tried again: ${String(error)}`,
      );
    }
  }

  async #put(key: string, bytes: Uint8Array): Promise<void> {
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

/** Where the recording finds what is to be kept, and says what has been. */
export interface Shelf {
  next(): { readonly msn: number; readonly bytes: Uint8Array } | null;
  kept(msn: number): void;
}
