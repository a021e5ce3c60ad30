import { textOf } from "./copy.ts";
import { type MediaList, readMediaList, variantOf } from "./list.ts";

/** How long each answer may take, ms. */
const ANSWER_MS = 3_000;

/**
 * Looks whether a show's primary is well: whether it has its list, and the newest media that this names.
 *
 * @param playbackUrl of its multivariant playlist
 * @param known its media playlist, where the player has had it before
 * @returns the list; null where anything of it is not there
 */
export async function lookAt(playbackUrl: string, known: string | null): Promise<MediaList | null> {
  const url = known ?? (await variantAt(playbackUrl));
  const text = url === null ? null : await textOf(url, ANSWER_MS);
  const list = url === null || text === null ? null : readMediaList(text, url);
  return list !== null && (await textOf(list.newest, ANSWER_MS)) !== null ? list : null;
}

async function variantAt(playbackUrl: string): Promise<string | null> {
  const multivariant = await textOf(playbackUrl, ANSWER_MS);
  return multivariant === null ? null : variantOf(multivariant, new URL(playbackUrl, location.href).href);
}
