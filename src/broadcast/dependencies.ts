import type { Secret } from "../access/secret.ts";
import type { Sfu } from "../ingest/sfu.ts";
import type { Notice } from "./notice.ts";
import type { Store } from "./store.ts";

/** What a show works with; the shell's. */
export interface Dependencies {
  readonly store: Store;
  readonly bucket: Bucket;
  /** Where the bucket is served without a Worker (src/lifeboat.ts); null: nowhere. */
  readonly lifeboatUrl: string | null;
  readonly sfu: Sfu;
  /** The one under which the show was made. */
  readonly secret: Secret;
  /** Tells the Directory. */
  readonly notice: Pick<Notice, "tell">;
  /** Keeps the object running for work that nobody waits for. */
  readonly waitUntil: (work: Promise<void>) => void;
  /** Has the object brought back at a time (milliseconds since 1970) if it should be gone by then; null: not at all. */
  readonly setAlarm: (time: number | null) => void;
  /** Ends this object, to be made anew from its store. */
  readonly restart: (why: string) => void;
}

/** Where a show's media is kept (removal.ts). */
export type Bucket = Pick<R2Bucket, "get" | "put" | "delete">;
