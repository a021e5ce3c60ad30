import type { Directories } from "../directory-api.ts";
import type { Audiences } from "./removal.ts";

/** What is bound to a Broadcast (wrangler.toml). */
export interface BroadcastEnv {
  readonly DIRECTORY: Directories;
  readonly AUDIENCE: Audiences;
  readonly MEDIA: R2Bucket;
  readonly EARSHOT_SECRET: string;
  /** The secret before that one, for as long as shows made under it are to go on. */
  readonly EARSHOT_SECRET_PREVIOUS?: string;
  readonly SFU_API: string;
  readonly SFU_APP_ID: string;
  readonly SFU_APP_SECRET: string;
}
