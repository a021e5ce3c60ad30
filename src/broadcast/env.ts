import type { Directories } from "../directory-api.ts";
import type { Audiences } from "./removal.ts";

/** The bindings of a Broadcast (wrangler.toml). */
export interface BroadcastEnv {
  readonly DIRECTORY: Directories;
  readonly AUDIENCE: Audiences;
  readonly MEDIA: R2Bucket;
  /**
   * URL at which the bucket is served without a Worker. Unset or empty: there is none, and no lists are put into the bucket.
   */
  readonly LIFEBOAT_URL?: string;
  readonly EARSHOT_SECRET: string;
  /** The secret before EARSHOT_SECRET, set for as long as shows made with it are to go on. */
  readonly EARSHOT_SECRET_PREVIOUS?: string;
  readonly SFU_API: string;
  readonly SFU_APP_ID: string;
  readonly SFU_APP_SECRET: string;
}
