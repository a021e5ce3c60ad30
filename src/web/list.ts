/** Reads playlists, so that a page can choose between the primary and the copy. For playing, hls.js reads them. */

/** What the page needs of a media playlist. */
export interface MediaList {
  /** The playlist's own URL. */
  readonly url: string;
  readonly text: string;
  /** The date at which its media ends, parts included, ms since 1970. */
  readonly end: number;
  /** Whether the playlist has ended (EXT-X-ENDLIST). */
  readonly isOver: boolean;
  /** The URL of its newest part or segment. */
  readonly newest: string;
}

/** Reads a media playlist whose segments have dates; null where `text` is not one, or lists no media yet. */
export function readMediaList(text: string, url: string): MediaList | null {
  let segmentsEnd = Number.NaN;
  let inParts = 0;
  let newest = "";
  for (const line of text.split("\n")) {
    const [, date] = /^#EXT-X-PROGRAM-DATE-TIME:(\S+)/.exec(line) ?? [];
    const [, segment] = /^#EXTINF:([\d.]+)/.exec(line) ?? [];
    const [, part, uri] = /^#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"/.exec(line) ?? [];
    if (date !== undefined) segmentsEnd = Date.parse(date);
    if (part !== undefined && uri !== undefined) [inParts, newest] = [inParts + 1000 * Number(part), uri];
    if (segment !== undefined) [segmentsEnd, inParts] = [segmentsEnd + 1000 * Number(segment), 0];
    if (line !== "" && !line.startsWith("#")) newest = line;
  }
  const end = segmentsEnd + inParts;
  if (Number.isNaN(end) || newest === "") return null;
  return { url, text, end, isOver: /^#EXT-X-ENDLIST/m.test(text), newest: new URL(newest, url).href };
}

/** Returns the URL of the first media playlist that a multivariant playlist names; null where it names none. */
export function variantOf(multivariant: string, url: string): string | null {
  const uri = multivariant.split("\n").find((line) => line !== "" && !line.startsWith("#"));
  return uri === undefined ? null : new URL(uri, url).href;
}

/** Returns the URL of a media playlist without directives (RFC 8216bis section 6.2.5). */
export function withoutDirectives(url: string): string {
  const plain = new URL(url);
  for (const name of ["_HLS_msn", "_HLS_part", "_HLS_skip"]) plain.searchParams.delete(name);
  return plain.href;
}
