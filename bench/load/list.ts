/** One thing to fetch and play: a part where parts are listed, else a segment. Times are milliseconds. */
export interface Media {
  /** As the list has it: relative to the list, and with a query where the server has one. */
  readonly name: string;
  /** The date of its first sample, since 1970. */
  readonly at: number;
  readonly duration: number;
  /** The Media Sequence Number of its segment. */
  readonly msn: number;
  /** Its index among its segment's parts; null where it is the segment itself. */
  readonly part: number | null;
  /** The bytes of `name` that it is, as a Range header has them; null where it is all of them. */
  readonly range: string | null;
}

/** What a player needs of a media playlist. */
export interface List {
  /** Contiguous and in order: whole segments, then the parts of those that list them. */
  readonly media: readonly Media[];
  readonly init: string;
  /** How far from the end a listener joins: PART-HOLD-BACK where there are parts, else HOLD-BACK. */
  readonly holdBack: number;
  readonly targetDuration: number;
  /** Directives for the next blocking reload; null where the server does not offer them. */
  readonly reload: string | null;
  readonly ended: boolean;
}

/**
 * Reads a media playlist of any server; throws where it lacks what a live player can not do without, the dates with it:
 * without them nobody knows how late media is. What is marked as a gap is not media. Shares no code with src/hls.
 */
export function readList(text: string): List {
  const lines = text.split(/\r?\n/);
  if (lines[0] !== "#EXTM3U") throw new Error("not a playlist");
  const media: Media[] = [];
  let init = "";
  let control = "";
  let targetDuration = Number.NaN;
  let msn = Number.NaN;
  /** Of the next sample, ms after the list's first; the dates of the list are `zero` after that. */
  let at = 0;
  let zero = Number.NaN;
  /** Of the segment being read: its length by EXTINF, its start, its bytes, and how many parts it has listed. */
  let duration = Number.NaN;
  let began = 0;
  let range: string | null = null;
  let parts = 0;
  let isGap = false;
  let ended = false;
  const ranges = new Ranges();
  for (const line of lines) {
    if (line.startsWith("#EXT-X-PART:")) {
      const name = attribute(line, "URI");
      const length = millis(attribute(line, "DURATION"));
      const part = {
        name,
        at,
        duration: length,
        msn,
        part: parts,
        range: ranges.of(name, attribute(line, "BYTERANGE")),
      };
      if (attribute(line, "GAP") !== "YES") media.push(part);
      at += length;
      parts++;
    } else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) {
      const date = Date.parse(line.slice(25));
      // What came before the first date is dated backwards from it.
      if (Number.isNaN(zero)) zero = date - at;
      at = date - zero;
      began = at;
    } else if (line.startsWith("#EXTINF:")) {
      duration = millis(line.slice(8));
    } else if (line.startsWith("#EXT-X-BYTERANGE:")) {
      range = line.slice(17);
    } else if (line === "#EXT-X-GAP") {
      isGap = true;
    } else if (line.startsWith("#EXT-X-MEDIA-SEQUENCE:")) {
      msn = Number(line.slice(22));
    } else if (line.startsWith("#EXT-X-TARGETDURATION:")) {
      targetDuration = millis(line.slice(22));
    } else if (line.startsWith("#EXT-X-SERVER-CONTROL:")) {
      control = line;
    } else if (line.startsWith("#EXT-X-MAP:")) {
      init = attribute(line, "URI");
    } else if (line === "#EXT-X-ENDLIST") {
      ended = true;
    } else if (line !== "" && !line.startsWith("#")) {
      const segment = {
        name: line,
        at: began,
        duration,
        msn,
        part: null,
        range: ranges.of(line, range ?? ""),
      };
      if (parts === 0 && !isGap) media.push(segment);
      at = began + duration;
      began = at;
      [parts, isGap, range] = [0, false, null];
      msn++;
    }
  }
  if (init === "" || Number.isNaN(targetDuration) || Number.isNaN(msn))
    throw new Error("not a live playlist");
  if (Number.isNaN(zero)) throw new Error("a playlist without dates");
  const hold = attribute(control, "PART-HOLD-BACK") || attribute(control, "HOLD-BACK");
  return {
    media: media.map((one) => ({ ...one, at: one.at + zero })),
    init,
    holdBack: hold === "" ? 3 * targetDuration : millis(hold),
    targetDuration,
    reload: control.includes("CAN-BLOCK-RELOAD=YES") ? `_HLS_msn=${msn}&_HLS_part=${parts}` : null,
    ended,
  };
}

/** Byte ranges, "length@offset" or "length": without an offset it follows the one before it in the same resource. */
class Ranges {
  readonly #ends = new Map<string, number>();

  of(name: string, text: string): string | null {
    const [, length, offset] = /^(\d+)(?:@(\d+))?$/.exec(text) ?? [];
    if (length === undefined) return null;
    const from = offset === undefined ? (this.#ends.get(name) ?? 0) : Number(offset);
    this.#ends.set(name, from + Number(length));
    return `bytes=${from}-${from + Number(length) - 1}`;
  }
}

/** The value of an attribute, without its quotes; empty where the tag has none of that name. */
function attribute(tag: string, name: string): string {
  return new RegExp(`[:,]${name}="?([^",]*)`).exec(tag)?.[1] ?? "";
}

function millis(seconds: string): number {
  return Math.round(Number.parseFloat(seconds) * 1_000_000) / 1000;
}
