import type { Dependencies } from "./dependencies.ts";
import type { Life } from "./life.ts";

/** What hold audio and announcements may do to their show. */
export interface ShowAccess extends Pick<Dependencies, "bucket" | "waitUntil"> {
  /** Returns the show's present life. */
  readonly life: () => Life;
  /** Stores a changed life, and makes it the show's. */
  readonly turnInto: (life: Life) => void;
}
