import type { Directories } from "../directory-api.ts";
import type { Audiences } from "./removal.ts";

/** The bindings of a Broadcast (wrangler.toml). */
export interface BroadcastEnv {
  readonly DIRECTORY: Directories;
  readonly AUDIENCE: Audiences;
  readonly MEDIA: R2Bucket;
  /** Where the bucket is served without a Worker; unset or empty: nowhere, and no lists are put there. */
  readonly LIFEBOAT_URL?: string;
  readonly EARSHOT_SECRET: string;
  /** The secret before that one, for as long as shows made under it are to go on. */
  readonly EARSHOT_SECRET_PREVIOUS?: string;
  readonly SFU_API: string;
  readonly SFU_APP_ID: string;
  readonly SFU_APP_SECRET: string;
}
