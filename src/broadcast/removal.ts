import { withLimit } from "../limit.ts";
import type { Bucket } from "./dependencies.ts";

/** How long after a try that failed, or was cut, the next one begins: an alarm, milliseconds. */
const AGAIN_MS = 5_000;
/** How long R2 may take for one call, milliseconds. */
const R2_LIMIT_MS = 10_000;

/** The Audience objects by name, as far as they are to forget a show. */
export interface Audiences {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): { forget(): Promise<void> };
}

/** Deletions that R2 is asked for at once, of the six connections that an object has. */
const MOST_DELETIONS = 3;

/** Who else knows of a broadcast and has to forget it; each call may be made again. */
export type Elsewhere = () => readonly Promise<unknown>[];

/**
 * Takes away all there is of a broadcast: in R2, with all others who know of it, and last in its own storage. That it is to be done
 * is stored first, so that an alarm goes on with it after whatever cuts it: an object made anew, R2 or another that fails.
 */
export class Removal {
  readonly #storage: DurableObjectStorage;
  readonly #bucket: R2Bucket;
  readonly #id: string;
  readonly #elsewhere: Elsewhere;
  readonly #gone: () => void;
  /** Puts that R2 has not answered yet. */
  readonly #puts = new Set<Promise<unknown>>();
  #isDue: boolean;
  #ended: Promise<void> = Promise.resolve();
  #running: Promise<boolean> | null = null;

  /** @param gone nothing is left */
  constructor(
    storage: DurableObjectStorage,
    {
      bucket,
      id,
      elsewhere,
    }: { readonly bucket: R2Bucket; readonly id: string; readonly elsewhere: Elsewhere },
    gone: () => void,
  ) {
    this.#storage = storage;
    this.#bucket = bucket;
    this.#id = id;
    this.#elsewhere = elsewhere;
    this.#gone = gone;
    const tables = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'removal'").toArray();
    this.#isDue = tables.length > 0;
  }

  /** Whether the broadcast is being removed: to everybody else it is not there any more. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** From now on it is to be removed. @param ended settles once the show has ended, which may take its last puts */
  begin(ended: () => Promise<void>): void {
    this.#storage.sql.exec("CREATE TABLE IF NOT EXISTS removal (at INTEGER)");
    this.#isDue = true;
    this.#ended = ended();
  }

  /** Whether it is all gone within so many milliseconds; it goes on after that. */
  async within(millis: number): Promise<boolean> {
    return withLimit(this.run(), millis).catch(() => false);
  }

  /** Tries; whether all is gone. Where something was left it is tried again by the alarm. A call while it runs waits for that. */
  run(): Promise<boolean> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** The bucket for the show: once it is being removed nothing is put there any more, and what is on its way is waited for. */
  get bucket(): Bucket {
    const bucket = this.#bucket;
    return {
      get: ((key: string, options: R2GetOptions) => bucket.get(key, options)) as Bucket["get"],
      put: ((...parameters: Parameters<Bucket["put"]>) => this.#put(...parameters)) as Bucket["put"],
      delete: (key) => bucket.delete(key),
    };
  }

  #put(...parameters: Parameters<Bucket["put"]>): Promise<unknown> {
    if (this.#isDue) return Promise.reject(new Error("the broadcast is being removed"));
    const answered = this.#bucket.put(...parameters);
    const settled: Promise<unknown> = answered.then(
      () => this.#puts.delete(settled),
      () => this.#puts.delete(settled),
    );
    this.#puts.add(settled);
    return answered;
  }

  async #run(): Promise<boolean> {
    try {
      await this.#storage.setAlarm(Date.now() + AGAIN_MS);
      await this.#ended;
      await withLimit(Promise.all(this.#puts), R2_LIMIT_MS);
      const outcomes = await Promise.allSettled([...this.#elsewhere(), erase(this.#bucket, this.#id)]);
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
      await this.#storage.deleteAll();
      await this.#storage.deleteAlarm();
    } catch (error) {
      console.warn(`${this.#id} is not wholly removed, and it is tried again: ${String(error)}`);
      await this.#storage.setAlarm(Date.now() + AGAIN_MS);
      return false;
    }
    this.#isDue = false;
    this.#gone();
    return true;
  }
}

/** Deletes everything that was ever kept of broadcast `id`: until there is nothing to be found. */
async function erase(bucket: R2Bucket, id: string): Promise<void> {
  while (await eraseListed(bucket, `${id}/`));
}

/** Deletes what is listed, a thousand objects at a time, which is what R2 takes, some of these at once. Whether there were any. */
async function eraseListed(bucket: R2Bucket, prefix: string): Promise<boolean> {
  let found = false;
  let deletions: Promise<void>[] = [];
  for (let cursor: string | null | undefined = null; cursor !== undefined; ) {
    const listed: R2Objects = await withLimit(
      bucket.list({ prefix, ...(cursor !== null && { cursor }) }),
      R2_LIMIT_MS,
    );
    const names = listed.objects.map(({ key }) => key);
    if (names.length > 0) {
      found = true;
      const deletion = withLimit(bucket.delete(names), R2_LIMIT_MS);
      // It is awaited below; until then another may fail.
      deletion.catch(() => {});
      deletions.push(deletion);
    }
    cursor = listed.truncated ? listed.cursor : undefined;
    if (deletions.length < MOST_DELETIONS && cursor !== undefined) continue;
    await Promise.all(deletions);
    deletions = [];
  }
  return found;
}
