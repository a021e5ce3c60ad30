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
  const reading = new Reading();
  for (const line of lines) reading.take(line);
  return reading.list();
}

/** What has been read of a list, line by line. */
class Reading {
  readonly #media: Media[] = [];
  readonly #ranges = new Ranges();
  #init = "";
  #control = "";
  #targetDuration = Number.NaN;
  #msn = Number.NaN;
  /** Of the next sample, ms after the list's first; the dates of the list are `zero` after that. */
  #at = 0;
  #zero = Number.NaN;
  /** Of the segment being read: its length by EXTINF, its start, its bytes, and how many parts it has listed. */
  #duration = Number.NaN;
  #began = 0;
  #range = "";
  #parts = 0;
  #isGap = false;
  #ended = false;

  take(line: string): void {
    if (line === "#EXT-X-GAP") this.#isGap = true;
    else if (line === "#EXT-X-ENDLIST") this.#ended = true;
    else if (line !== "" && !line.startsWith("#")) this.#takeSegment(line);
    else {
      const end = line.indexOf(":");
      this.#takeTag(line.slice(0, end), line.slice(end + 1), line);
    }
  }

  list(): List {
    const [targetDuration, msn, zero] = [this.#targetDuration, this.#msn, this.#zero];
    if (this.#init === "" || Number.isNaN(targetDuration) || Number.isNaN(msn))
      throw new Error("not a live playlist");
    if (Number.isNaN(zero)) throw new Error("a playlist without dates");
    const control = this.#control;
    const hold = attribute(control, "PART-HOLD-BACK") ?? attribute(control, "HOLD-BACK");
    const next = `_HLS_msn=${msn}&_HLS_part=${this.#parts}`;
    return {
      media: this.#media.map((one) => ({ ...one, at: one.at + zero })),
      init: this.#init,
      holdBack: hold === null ? 3 * targetDuration : millis(hold),
      targetDuration,
      reload: control.includes("CAN-BLOCK-RELOAD=YES") ? next : null,
      ended: this.#ended,
    };
  }

  #takeTag(tag: string, value: string, line: string): void {
    if (tag === "#EXT-X-PART") this.#takePart(line);
    else if (tag === "#EXT-X-PROGRAM-DATE-TIME") this.#takeDate(Date.parse(value));
    else if (tag === "#EXTINF") this.#duration = millis(value);
    else if (tag === "#EXT-X-BYTERANGE") this.#range = value;
    else if (tag === "#EXT-X-MEDIA-SEQUENCE") this.#msn = Number(value);
    else if (tag === "#EXT-X-TARGETDURATION") this.#targetDuration = millis(value);
    else if (tag === "#EXT-X-SERVER-CONTROL") this.#control = line;
    else if (tag === "#EXT-X-MAP") this.#init = attribute(line, "URI") ?? "";
  }

  #takePart(line: string): void {
    const name = attribute(line, "URI") ?? "";
    const duration = millis(attribute(line, "DURATION") ?? "");
    const range = this.#ranges.of(name, attribute(line, "BYTERANGE") ?? "");
    const part = { name, at: this.#at, duration, msn: this.#msn, part: this.#parts, range };
    if (attribute(line, "GAP") !== "YES") this.#media.push(part);
    this.#at += duration;
    this.#parts++;
  }

  #takeDate(date: number): void {
    // What came before the first date is dated backwards from it.
    if (Number.isNaN(this.#zero)) this.#zero = date - this.#at;
    this.#at = date - this.#zero;
    this.#began = this.#at;
  }

  #takeSegment(name: string): void {
    const range = this.#ranges.of(name, this.#range);
    const [at, duration] = [this.#began, this.#duration];
    if (this.#parts === 0 && !this.#isGap) {
      this.#media.push({ name, at, duration, msn: this.#msn, part: null, range });
    }
    this.#at = at + duration;
    this.#began = this.#at;
    this.#parts = 0;
    this.#isGap = false;
    this.#range = "";
    this.#msn++;
  }
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

/** The value of an attribute, without its quotes; null where the tag has none of that name. */
function attribute(tag: string, name: string): string | null {
  return new RegExp(`[:,]${name}="?([^",]*)`).exec(tag)?.[1] ?? null;
}

function millis(seconds: string): number {
  return Math.round(Number.parseFloat(seconds) * 1_000_000) / 1000;
}
