import type { DirectoryApi, Entry } from "../directory-api.ts";
import { withLimit } from "../limit.ts";

/** How long the Directory's answer is waited for, milliseconds. */
const LIMIT_MS = 3_000;
/** How long after it could not be told it is told again, milliseconds. */
const AGAIN_MS = 30_000;

/**
 * Tells the Directory what a broadcast is like, beside the show and never in its way: nobody waits for it. One answer is waited
 * for at a time, and what is told next is the newest there is then. What the Directory did not take it is told again later, for
 * as long as the object is there; an object that is made anew tells it once more.
 */
export class Notice {
  readonly #id: string;
  readonly #directory: () => DirectoryApi;
  /** What the Directory is to have; null: nothing, or not known yet. */
  #latest: Entry | null = null;
  /** What it has, of all that it was told from here. */
  #taken: Entry | null = null;
  #isTelling = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /**
   * @param id of the broadcast
   * @param directory how to reach it, asked anew for each call: what leads to an object may break with it
   */
  constructor(id: string, directory: () => DirectoryApi) {
    this.#id = id;
    this.#directory = directory;
  }

  /** Tells of the broadcast as it is now, if that is not what was last to be told. Returns at once, and never throws. */
  tell({ id, title, state, latency, createdAt, endedAt }: Entry): void {
    const entry = { id, title, state, latency, createdAt, endedAt };
    if (JSON.stringify(entry) === JSON.stringify(this.#latest)) return;
    this.#latest = entry;
    void this.#run();
  }

  /**
   * Has the broadcast forgotten, of which nothing more is told. Rejects where the Directory does not say in time that it has: then
   * it is to be asked again, or the list might go on to show what is not there.
   */
  async remove(): Promise<void> {
    this.#latest = null;
    this.#taken = null;
    this.#cancel();
    await withLimit(this.#directory().remove(this.#id), LIMIT_MS);
  }

  /** Tells until the Directory has the newest, or does not take it. */
  async #run(): Promise<void> {
    this.#cancel();
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      while (this.#latest !== null && this.#latest !== this.#taken) {
        const entry = this.#latest;
        await withLimit(this.#directory().put(entry), LIMIT_MS);
        this.#taken = entry;
      }
    } catch (error) {
      console.warn(`The Directory was not told of ${this.#id}, and is told later: ${String(error)}`);
      this.#tryAgain();
    } finally {
      this.#isTelling = false;
    }
  }

  #tryAgain(): void {
    this.#cancel();
    if (this.#latest !== null) this.#timer = setTimeout(() => void this.#run(), AGAIN_MS);
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
