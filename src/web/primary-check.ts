import { textOf } from "./copy.ts";
import { type MediaList, readMediaList, variantOf } from "./list.ts";

/** Timeout for each request, ms. */
const ANSWER_MS = 3_000;

/**
 * Checks whether a show's primary is well: whether its media playlist, and the newest media in it, can be loaded.
 *
 * @param playbackUrl the URL of its multivariant playlist
 * @param known the URL of its media playlist, if the player has loaded it before, else null
 * @returns the media playlist; null where any of this can not be loaded
 */
export async function checkPrimary(playbackUrl: string, known: string | null): Promise<MediaList | null> {
  const url = known ?? (await variantAt(playbackUrl));
  const text = url === null ? null : await textOf(url, ANSWER_MS);
  const list = url === null || text === null ? null : readMediaList(text, url);
  return list !== null && (await textOf(list.newest, ANSWER_MS)) !== null ? list : null;
}

async function variantAt(playbackUrl: string): Promise<string | null> {
  const multivariant = await textOf(playbackUrl, ANSWER_MS);
  return multivariant === null ? null : variantOf(multivariant, new URL(playbackUrl, location.href).href);
}
