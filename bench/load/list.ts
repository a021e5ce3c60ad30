/** One media resource to fetch and play: a part where parts are listed, else a segment. Times are milliseconds. */
export interface Media {
  /** The URI in the playlist: relative to the playlist, and with a query if the server adds one. */
  readonly name: string;
  /** The date of its first sample, ms since 1970. */
  readonly at: number;
  readonly duration: number;
  /** The Media Sequence Number of its segment. */
  readonly msn: number;
  /** Its index among its segment's parts; null where it is the segment itself. */
  readonly part: number | null;
  /** The byte range of `name`, in the form of a Range header; null if it is the whole resource. */
  readonly range: string | null;
}

/** The content of a media playlist that a player needs. */
export interface List {
  /** Contiguous and in order: whole segments, then the parts of segments that list them. */
  readonly media: readonly Media[];
  readonly init: string;
  /** How far from the end a listener joins, ms: PART-HOLD-BACK if there are parts, else HOLD-BACK. */
  readonly holdBack: number;
  readonly targetDuration: number;
  /** Directives for the next blocking reload; null if the server does not support it. */
  readonly reload: string | null;
  readonly ended: boolean;
}

/**
 * Parses any server's media playlist. Throws if it lacks something that a live player needs. Dates are required too, because
 * lateness cannot be measured without them. Entries that are marked as gaps are no media. Shares no code with src/hls.
 */
export function readList(text: string): List {
  const lines = text.split(/\r?\n/);
  if (lines[0] !== "#EXTM3U") throw new Error("not a playlist");
  const reading = new Reading();
  for (const line of lines) reading.take(line);
  return reading.list();
}

/** The parser's state, line by line. */
class Reading {
  readonly #media: Media[] = [];
  readonly #ranges = new Ranges();
  #init = "";
  #control = "";
  #targetDuration = Number.NaN;
  #msn = Number.NaN;
  /** The next sample's time, ms after the playlist's first sample; adding `zero` gives its date. */
  #at = 0;
  #zero = Number.NaN;
  /** The segment being read: its duration by EXTINF, its start, its byte range, and the number of its listed parts. */
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
    // Media before the first date is dated backwards from it.
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

/** Byte ranges, "length@offset" or "length". Without an offset a range follows the previous one in the same resource. */
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

/** Returns an attribute's value without quotes; null if the tag does not have the attribute. */
function attribute(tag: string, name: string): string | null {
  return new RegExp(`[:,]${name}="?([^",]*)`).exec(tag)?.[1] ?? null;
}

function millis(seconds: string): number {
  return Math.round(Number.parseFloat(seconds) * 1_000_000) / 1000;
}
