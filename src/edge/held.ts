import { type LiveEdge, readLiveEdge } from "../live-edge.ts";

/** Headers of everything a listener gets: any page may play a broadcast, and read what players need to time it. */
export const OPEN_TO_ALL = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Age, Date, Content-Length, Content-Range, ETag",
  "timing-allow-origin": "*",
};

/**
 * Cache-Control of a running show's playlist, to listeners. Browsers ask again each time, with a validator: players repeat
 * directives (video.js, where a playlist ends with a whole segment), and a browser's cache that answers the repeat with the
 * playlist they have stops them. Shared caches may keep it for a second, so that all who ask at once cost one request. The
 * twelve seconds that the origin gives a blocking reload are not handed on, because here one playlist answers plain requests too.
 */
const LIVE_LIST = "public, max-age=0, s-maxage=1, stale-if-error=0";

/** An upstream answer, read whole. */
export interface Loaded {
  readonly status: number;
  readonly contentType: string;
  readonly cacheControl: string;
  /** Seconds to come back after, where the answer says so. */
  readonly retryAfter: string | null;
  readonly bytes: Uint8Array;
  /** Its age on arrival, milliseconds, by the Age header of caches in between (RFC 9111 section 5.1). */
  readonly ageMs: number;
  /** What the origin says of the show's live edge (live-edge.ts); listeners do not see it. */
  readonly liveEdge: string | null;
}

/** One object in the edge's memory: its bytes, and what is made of them once for all listeners (gzip, ETag, headers). */
export class Held {
  /** Those that have a stamp, of the second in which the last one was made. */
  static #stamped: { readonly second: number; readonly all: Held[] } = { second: 0, all: [] };

  readonly loaded: Loaded;
  readonly maxAgeMs: number;
  /** When the origin made it, milliseconds since 1970. */
  readonly madeAt: number;
  /** A validator (RFC 9110 section 8.8.3); weak for text, whose plain and gzipped forms have the same. */
  readonly etag: string;
  readonly gzipped: Uint8Array | null;
  /** The show's live edge as of this; null where it does not say, or is of another version. */
  readonly liveEdge: LiveEdge | null;
  /** The headers that all answers made of this have in common. */
  readonly #headers: Readonly<Record<string, string>>;
  #stamp: Stamp | null = null;

  /** Text is gzipped here, by whoever fetched it: work that one request does must not be awaited by all others. */
  static async of(loaded: Loaded, fetchedAt: number): Promise<Held> {
    const madeAt = fetchedAt - loaded.ageMs;
    const isText = /mpegurl|json|vtt/.test(loaded.contentType);
    return new Held(loaded, madeAt, isText && loaded.status === 200 ? await gzip(loaded.bytes) : null);
  }

  private constructor(loaded: Loaded, madeAt: number, gzipped: Uint8Array | null) {
    this.loaded = loaded;
    this.madeAt = madeAt;
    this.gzipped = gzipped;
    this.liveEdge = readLiveEdge(loaded.liveEdge);
    this.maxAgeMs = maxAge(loaded.cacheControl) * 1000;
    this.etag = `${gzipped === null ? "" : "W/"}"${fingerprint(loaded.bytes)}"`;
    this.#headers = {
      ...OPEN_TO_ALL,
      "content-type": loaded.contentType,
      "cache-control": this.liveEdge?.ended === false ? LIVE_LIST : loaded.cacheControl,
      etag: this.etag,
      ...(gzipped === null ? { "accept-ranges": "bytes" } : { vary: "Accept-Encoding" }),
      ...(loaded.retryAfter === null ? {} : { "retry-after": loaded.retryAfter }),
    };
  }

  /**
   * The headers of answers given at `now` (milliseconds since 1970). Date and Age change once a second, so the headers are
   * made once a second, and each Response copies them. They are let go of when the second is over: the runtime keeps headers
   * outside the heap, where a set takes several times the memory of a playlist.
   */
  stamp(now: number): Stamp {
    const second = Math.floor(now / 1000);
    const age = Math.floor((now - this.madeAt) / 1000);
    if (this.#stamp?.second === second && this.#stamp.age === age) return this.#stamp;
    const common = new Headers(this.#headers);
    common.set("date", new Date(now).toUTCString());
    if (age > 0) common.set("age", String(age));
    Held.#note(this, second);
    this.#stamp = {
      second,
      age,
      common,
      plain: whole(common, this.loaded.bytes),
      gzipped: this.gzipped === null ? null : whole(common, this.gzipped, "gzip"),
    };
    return this.#stamp;
  }

  static #note(held: Held, second: number): void {
    if (Held.#stamped.second !== second) {
      for (const earlier of Held.#stamped.all) earlier.#stamp = null;
      Held.#stamped = { second, all: [] };
    }
    Held.#stamped.all.push(held);
  }

  /** How much memory its bytes take. */
  get cost(): number {
    return this.loaded.bytes.length + (this.gzipped?.length ?? 0);
  }

  isFresh(now: number): boolean {
    return now - this.madeAt < this.maxAgeMs;
  }
}

/** Headers of the answers that one second sees; never changed once made, but copied. */
export interface Stamp {
  readonly second: number;
  readonly age: number;
  /** Of every answer. */
  readonly common: Headers;
  /** Of the whole of it, as it is and gzipped. */
  readonly plain: Headers;
  readonly gzipped: Headers | null;
}

function whole(common: Headers, bytes: Uint8Array, encoding?: "gzip"): Headers {
  const headers = new Headers(common);
  headers.set("content-length", String(bytes.length));
  if (encoding !== undefined) headers.set("content-encoding", encoding);
  return headers;
}

/** `max-age` of a Cache-Control header, seconds; 0 where it has none or forbids storing (RFC 9111 section 5.2.2). */
function maxAge(cacheControl: string): number {
  if (/\bno-store\b/.test(cacheControl)) return 0;
  return Number(/\bmax-age=(\d+)/.exec(cacheControl)?.[1] ?? 0);
}

/** An ETag's text: FNV-1a over 2 x 32 bits. It tells versions of one object apart and is no protection against forgery. */
function fingerprint(bytes: Uint8Array): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x01000193) ^ (a >>> 13);
  }
  return `${(a >>> 0).toString(36)}${(b >>> 0).toString(36)}`;
}

async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
