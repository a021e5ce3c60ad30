/**
 * The copy of a show that is served without a Worker: whole segments and their lists in R2, behind a public bucket domain.
 * What pages, the Broadcast and the bucket's server know of it in common.
 */

/** `/lifeboat.json`, a static asset beside the pages. */
export interface Lifeboat {
  /** The base URL of the bucket's domain, without a slash at its end; null where there is no copy. */
  readonly url: string | null;
}

/** What its lists are called, in every folder. */
const LIST = "lifeboat.m3u8";

/** The keys of its lists in R2, which are their paths on the bucket's domain too. They are put again and again. */
export const lists = {
  /** The multivariant playlist of a show: of its newest timeline, after its end of its replay. */
  show: (id: string): string => `${id}/${LIST}`,
  /** The media playlist of a timeline: its last half minute, with EXT-X-ENDLIST once it is over. */
  timeline: (id: string, epoch: string): string => `${id}/${epoch}/${LIST}`,
  /** The media playlist of a show that has ended: all of it. No epoch is called so: one has 8 characters or more. */
  replay: (id: string): string => `${id}/replay/${LIST}`,
};

/** Their media playlists' URIs, relative to that of the multivariant playlist. */
export const uris = {
  timeline: (epoch: string): string => `${epoch}/${LIST}`,
  replay: `replay/${LIST}`,
};

/** The URL that a player takes for show `id` where no Worker answers. */
export function copyOf(url: string, id: string): string {
  return `${url}/${lists.show(id)}`;
}

/** The base URL that the variable LIFEBOAT_URL names; null where it names none. */
export function lifeboatUrl(variable: string | undefined): string | null {
  const url = (variable ?? "").trim().replace(/\/+$/, "");
  return /^https?:\/\/[^\s"/?#]+$/.test(url) ? url : null;
}
