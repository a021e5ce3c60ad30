/**
 * The copy of a show that is served without a Worker: whole segments and their playlists in R2, behind a public bucket domain.
 * Pages, the Broadcast and the bucket's local server share these names.
 */

/** `/lifeboat.json`, a static asset beside the pages. */
export interface Lifeboat {
  /** The base URL of the bucket's domain, without a slash at its end; null where there is no copy. */
  readonly url: string | null;
}

/** The file name of the copy's playlists, in every folder. */
const LIST = "lifeboat.m3u8";

/** R2 keys of the copy's playlists, and so their paths on the bucket's domain. Unlike media, they are overwritten. */
export const lists = {
  /** The multivariant playlist of a show. It names the newest timeline's playlist, and after the show's end the replay. */
  show: (id: string): string => `${id}/${LIST}`,
  /** The media playlist of a timeline: its last 30 s, with EXT-X-ENDLIST once it is over. */
  timeline: (id: string, epoch: string): string => `${id}/${epoch}/${LIST}`,
  /** The media playlist of a whole show that has ended. No epoch can be named `replay`: an epoch has 8 characters or more. */
  replay: (id: string): string => `${id}/replay/${LIST}`,
};

/** The URIs of the copy's media playlists, relative to its multivariant playlist. */
export const uris = {
  timeline: (epoch: string): string => `${epoch}/${LIST}`,
  replay: `replay/${LIST}`,
};

/** Returns the playback URL of show `id`'s copy, for players that no Worker answers. */
export function copyOf(url: string, id: string): string {
  return `${url}/${lists.show(id)}`;
}

/** Reads the variable LIFEBOAT_URL. Null where it is not an http(s) base URL. */
export function lifeboatUrl(variable: string | undefined): string | null {
  const url = (variable ?? "").trim().replace(/\/+$/, "");
  return /^https?:\/\/[^\s"/?#]+$/.test(url) ? url : null;
}
