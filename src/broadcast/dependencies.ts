import type { Secret } from "../access/secret.ts";
import type { Sfu } from "../ingest/sfu.ts";
import type { Notice } from "./notice.ts";
import type { Store } from "./store.ts";

/** What a Show needs from outside. The shell (broadcast.ts) provides it. */
export interface Dependencies {
  readonly store: Store;
  readonly bucket: Bucket;
  /** Where the bucket is served without a Worker (src/lifeboat.ts); null: nowhere. */
  readonly lifeboatUrl: string | null;
  readonly sfu: Sfu;
  /** The secret with which the show's id and keys were made. */
  readonly secret: Secret;
  /** Tells the Directory what the broadcast is like. */
  readonly notice: Pick<Notice, "tell">;
  /** Keeps the object running until `work` settles, though no request waits for it. */
  readonly waitUntil: (work: Promise<void>) => void;
  /** Sets the alarm that restarts the object if it is gone by then, milliseconds since 1970; null deletes the alarm. */
  readonly setAlarm: (time: number | null) => void;
  /** Aborts this object. The next one resumes the show from the store. */
  readonly restart: (why: string) => void;
}

/**
 * The R2 bucket as a show sees it: once the show is being removed it takes no more puts (removal.ts), and while R2 does not answer it
 * refuses more than a few calls (bounded-bucket.ts).
 */
export type Bucket = Pick<R2Bucket, "get" | "put" | "delete">;
