import { lists } from "./r2-keys.ts";

/**
 * The copy of a show that is served without a Worker: whole segments and their playlists in R2, behind a public bucket domain.
 * Pages, the Broadcast and the bucket's local server share these names.
 */

/** The path of {@link Lifeboat}, a static asset beside the pages. */
export const LIFEBOAT_PATH = "/lifeboat.json";

/** The JSON at {@link LIFEBOAT_PATH}. */
export interface Lifeboat {
  /** The base URL of the bucket's domain, without a slash at its end; null where there is no copy. */
  readonly url: string | null;
}

/** Returns the playback URL of show `id`'s copy, for players that no Worker answers. */
export function copyOf(url: string, id: string): string {
  return `${url}/${lists.show(id)}`;
}

/** Reads the variable LIFEBOAT_URL. Null where it is not an http(s) base URL. */
export function lifeboatUrl(variable: string | undefined): string | null {
  const url = (variable ?? "").trim().replace(/\/+$/, "");
  return /^https?:\/\/[^\s"/?#]+$/.test(url) ? url : null;
}
