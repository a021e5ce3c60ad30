import type { DirectoryApi, Entry } from "../directory-api.ts";
import { withTimeout } from "../limit.ts";

/** Timeout for a call to the Directory, ms. */
const TIMEOUT_MS = 3_000;
/** Delay after a failed call before the next try, ms. */
const RETRY_MS = 30_000;

/**
 * Tells the Directory the state of a broadcast. The show never waits for this. One call is in flight at a time; the next call
 * sends whatever entry is the newest then. An entry that the Directory did not take is sent again later, for as long as the
 * object lives. A new object sends its entry once more.
 */
export class Notice {
  readonly #id: string;
  readonly #directory: () => DirectoryApi;
  /** The entry that the Directory should have; null: none, or not known yet. */
  #latest: Entry | null = null;
  /** The last entry that the Directory took from this object; null: none. */
  #taken: Entry | null = null;
  #isTelling = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /**
   * @param id of the broadcast
   * @param directory returns a stub of the Directory; called for each request, since a stub may break along with its object
   */
  constructor(id: string, directory: () => DirectoryApi) {
    this.#id = id;
    this.#directory = directory;
  }

  /** Sends the broadcast's entry, unless it equals the last one given here. Returns at once, and never throws. */
  tell({ id, title, state, latency, createdAt, endedAt }: Entry): void {
    const entry = { id, title, state, latency, createdAt, endedAt };
    if (JSON.stringify(entry) === JSON.stringify(this.#latest)) return;
    this.#latest = entry;
    void this.#run();
  }

  /**
   * Has the Directory forget the broadcast, and sends nothing more of it. Rejects if the Directory does not confirm in time.
   * The caller must then ask again, or the list might go on showing a broadcast that does not exist.
   */
  async remove(): Promise<void> {
    this.#latest = null;
    this.#taken = null;
    this.#cancel();
    await withTimeout(this.#directory().remove(this.#id), TIMEOUT_MS);
  }

  /** Sends entries until the Directory has the newest, or a call fails. */
  async #run(): Promise<void> {
    this.#cancel();
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      while (this.#latest !== null && this.#latest !== this.#taken) {
        const entry = this.#latest;
        await withTimeout(this.#directory().put(entry), TIMEOUT_MS);
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
    if (this.#latest !== null) this.#timer = setTimeout(() => void this.#run(), RETRY_MS);
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
