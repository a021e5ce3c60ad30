/** What a page reads in playlists by itself, where it chooses between two of them. hls.js reads them for playing. */

/** A media playlist, as far as that takes. */
export interface MediaList {
  /** Of the list itself. */
  readonly url: string;
  readonly text: string;
  /** The date of its end, parts included, ms since 1970. */
  readonly end: number;
  /** Whether nothing more comes. */
  readonly isOver: boolean;
  /** URL of its newest part or segment. */
  readonly newest: string;
}

/** Reads a media playlist whose segments have dates; null where it is none, or has nothing yet. */
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

/** The URL of the first media playlist that a multivariant playlist names; null where it names none. */
export function variantOf(multivariant: string, url: string): string | null {
  const uri = multivariant.split("\n").find((line) => line !== "" && !line.startsWith("#"));
  return uri === undefined ? null : new URL(uri, url).href;
}

/** A media playlist's URL without what it was asked for with (RFC 8216bis section 6.2.5). */
export function withoutDirectives(url: string): string {
  const plain = new URL(url);
  for (const name of ["_HLS_msn", "_HLS_part", "_HLS_skip"]) plain.searchParams.delete(name);
  return plain.href;
}
