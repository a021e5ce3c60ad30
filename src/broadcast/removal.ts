import { withTimeout } from "../limit.ts";
import { folderOf } from "../r2-keys.ts";
import { NotAsked } from "./bounded-bucket.ts";
import type { Bucket } from "./dependencies.ts";

/** Delay of the alarm that retries after a failed or interrupted try, ms. */
const RETRY_MS = 5_000;
/** Timeout for a call to R2, ms. */
const R2_TIMEOUT_MS = 10_000;

/** The Audience objects by name, as far as a removal calls them. */
export interface Audiences {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): { forget(): Promise<void> };
}

/** Deletions in flight at R2: each takes one of the six connections that an object has. */
const MOST_DELETIONS = 3;

/** Asks everything else that knows the broadcast to forget it. It may be called again. */
export type Elsewhere = () => readonly Promise<unknown>[];

/**
 * Deletes all there is of a broadcast: in R2, in the other objects that know of it, and last in its own storage. That a
 * removal has begun is stored first, so that an alarm continues it after any interruption: a restart, or a failure of R2 or
 * another object.
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

  /** @param gone called when nothing is left */
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

  /** Whether the broadcast is being removed. For everybody else it does not exist then. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Begins the removal. @param ended ends the show; settles once it has ended, which may have to wait for its last puts */
  begin(ended: () => Promise<void>): void {
    this.#storage.sql.exec("CREATE TABLE IF NOT EXISTS removal (at INTEGER)");
    this.#isDue = true;
    this.#ended = ended();
  }

  /** Runs the removal; returns whether all is gone within `millis` milliseconds. The removal goes on after that. */
  async within(millis: number): Promise<boolean> {
    return withTimeout(this.run(), millis).catch(() => false);
  }

  /** Tries to remove all; returns whether all is gone. If not, the alarm tries again. A call during a try waits for that try. */
  run(): Promise<boolean> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** The bucket, as the show gets it. It refuses puts once the removal has begun; the removal waits for puts in flight. */
  get bucket(): Bucket {
    const bucket = this.#bucket;
    return {
      get: ((key: string, options: R2GetOptions) => bucket.get(key, options)) as Bucket["get"],
      put: ((...parameters: Parameters<Bucket["put"]>) => this.#put(...parameters)) as Bucket["put"],
      delete: (key) => bucket.delete(key),
    };
  }

  #put(...parameters: Parameters<Bucket["put"]>): Promise<unknown> {
    if (this.#isDue) return Promise.reject(new NotAsked("the broadcast is being removed"));
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
      await this.#storage.setAlarm(Date.now() + RETRY_MS);
      await this.#ended;
      await withTimeout(Promise.all(this.#puts), R2_TIMEOUT_MS);
      const outcomes = await Promise.allSettled([...this.#elsewhere(), erase(this.#bucket, this.#id)]);
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
      await this.#storage.deleteAll();
      await this.#storage.deleteAlarm();
    } catch (error) {
      console.warn(`${this.#id} is not wholly removed, and it is tried again: ${String(error)}`);
      await this.#storage.setAlarm(Date.now() + RETRY_MS);
      return false;
    }
    this.#isDue = false;
    this.#gone();
    return true;
  }
}

/** Deletes everything in R2 of broadcast `id`: lists and deletes until a listing finds nothing. */
async function erase(bucket: R2Bucket, id: string): Promise<void> {
  while (await eraseListed(bucket, folderOf(id)));
}

/** Deletes all listed objects, a thousand a call, as R2 allows, some calls at once. Returns whether there were any objects. */
async function eraseListed(bucket: R2Bucket, prefix: string): Promise<boolean> {
  let found = false;
  let deletions: Promise<void>[] = [];
  for (let cursor: string | null | undefined = null; cursor !== undefined; ) {
    const listed: R2Objects = await withTimeout(
      bucket.list({ prefix, ...(cursor !== null && { cursor }) }),
      R2_TIMEOUT_MS,
    );
    const names = listed.objects.map(({ key }) => key);
    if (names.length > 0) {
      found = true;
      const deletion = withTimeout(bucket.delete(names), R2_TIMEOUT_MS);
      // It is awaited below. If it rejects before that, the rejection must not count as unhandled.
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
