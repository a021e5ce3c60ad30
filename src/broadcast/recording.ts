import { withTimeout } from "../limit.ts";
import { keys } from "../r2-keys.ts";
import { NotAsked } from "./bounded-bucket.ts";
import type { Bucket } from "./dependencies.ts";
import type { Lifeboat } from "./lifeboat.ts";
import type { Outbox } from "./outbox.ts";
import type { MediaObject } from "./store.ts";

/** Timeout for a put, ms. The put is then tried again; the same bytes under the same name do no harm. */
const PUT_TIMEOUT_MS = 10_000;
/**
 * Unanswered puts at a time, those given up included: each holds one of the six connections that an object has (Workers,
 * limits), and calls to the SFU would have to queue behind them.
 */
const MOST_PUTS = 2;

/**
 * Puts in a row before timers and sockets get their turn. Where R2 runs in the same thread (`npm start`), one put follows another
 * without such a turn: a backlog of ten minutes would stop the clock and all requests for more than a second.
 */
const PUTS_IN_A_ROW = 8;

/** The lists of the show's copy. */
type Lists = Pick<Lifeboat, "owes" | "markKept" | "run">;

/**
 * Keeps a show's init segment and every finished segment in R2, under names that are written once. It runs beside the timeline
 * and never delays it: what could not be put stays in the object's SQLite and is put again, oldest first, for as long as it
 * takes.
 */
export class Recording {
  readonly #bucket: Bucket;
  readonly #id: string;
  readonly #outbox: Pick<Outbox, "next" | "markKept">;
  readonly #lifeboat: Lists | null;
  #latest: Promise<void> = Promise.resolve();
  #isRunning = false;
  /** Puts that R2 has not answered, those given up included. */
  #out = 0;
  /** Puts that failed since the object was created. */
  failures = 0;

  /**
   * @param id of the show
   * @param lifeboat puts the copy's lists after the media that they name; null: there is no copy
   */
  constructor(
    bucket: Bucket,
    id: string,
    outbox: Pick<Outbox, "next" | "markKept">,
    lifeboat: Lists | null = null,
  ) {
    this.#bucket = bucket;
    this.#id = id;
    this.#outbox = outbox;
    this.#lifeboat = lifeboat;
  }

  /** Whether R2 is owed media or a list. */
  get owes(): boolean {
    return this.#outbox.next() !== null || this.#lifeboat?.owes === true;
  }

  /** As {@link putAll}, for when no more segments may come. It also has the copy's last lists put, without waiting for them. */
  async putAllAndLists(): Promise<void> {
    await this.putAll();
    void this.#lifeboat?.run();
  }

  /**
   * Puts the media that R2 is owed, one object after the other. Resolves when none is left, a put failed, or R2 has too many
   * puts unanswered. A call during a run waits for that run.
   */
  putAll(): Promise<void> {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#latest = this.#run();
    }
    return this.#latest;
  }

  async #run(): Promise<void> {
    try {
      for (let puts = 1; this.#out < MOST_PUTS; puts++) {
        const item = this.#outbox.next();
        if (item === null) return;
        await withTimeout(this.#put(item), PUT_TIMEOUT_MS);
        if (puts % PUTS_IN_A_ROW === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      }
    } catch (error) {
      // It is, with a later part, once it has answered others; or never, if the broadcast is being removed.
      if (error instanceof NotAsked) return;
      this.failures++;
      console.warn(
        `R2 did not take a segment of ${this.#id}; it is kept here and tried again: ${String(error)}`,
      );
    } finally {
      // Set here, not once the promise has settled: a segment that is finished in between would wait for the next one.
      this.#isRunning = false;
    }
  }

  /** Puts one object. It counts as kept whenever R2 confirms it, even after the put was given up. */
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
    this.#outbox.markKept(item);
    if (msn !== null) this.#lifeboat?.markKept(epoch);
  }
}
