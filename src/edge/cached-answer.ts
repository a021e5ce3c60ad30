import { type LiveEdge, readLiveEdge } from "../live-edge.ts";

/** Headers of every answer to a listener: any page may play a broadcast, and read the headers by which players time it. */
export const OPEN_TO_ALL = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Age, Date, Content-Length, Content-Range, ETag",
  "timing-allow-origin": "*",
};

/**
 * Cache-Control of a running show's playlist, to listeners. Browsers must revalidate each time. Some players repeat directives
 * (video.js, where a playlist ends with a whole segment), and they would stop if the browser's cache answered the repeat with
 * the playlist that they have. Shared caches may keep it for a second, so that all clients that ask at once cost one request.
 * The origin gives a blocking reload twelve seconds. The edge does not pass them on, because its one playlist also answers
 * plain requests.
 */
const LIVE_LIST = "public, max-age=0, s-maxage=1, stale-if-error=0";

/** An answer of the origin, read whole. */
export interface Loaded {
  readonly status: number;
  readonly contentType: string;
  readonly cacheControl: string;
  /** Retry-After, seconds; null where the answer has none. */
  readonly retryAfter: string | null;
  readonly bytes: Uint8Array;
  /** Its age on arrival, ms: the Age header of the caches in between (RFC 9111 section 5.1). */
  readonly ageMs: number;
  /** The header in which the origin states the show's live edge (live-edge.ts). Listeners do not get it. */
  readonly liveEdge: string | null;
}

/** One object in the edge's memory: its bytes, and what is derived from them once for all listeners (gzip, ETag, headers). */
export class CachedAnswer {
  /** All objects that have a stamp. All these stamps are of the same `second` (s since 1970), the latest one. */
  static #stamped: { readonly second: number; readonly all: CachedAnswer[] } = { second: 0, all: [] };

  readonly kind = "cached";
  readonly loaded: Loaded;
  readonly maxAgeMs: number;
  /** When the origin made it, ms since 1970. */
  readonly madeAt: number;
  /** The validator (RFC 9110 section 8.8.3). It is weak for text, because the plain and the gzipped form share it. */
  readonly etag: string;
  readonly gzipped: Uint8Array | null;
  /** The show's live edge as this object states it; null where it states none, or an origin of another version wrote it. */
  readonly liveEdge: LiveEdge | null;
  /** Headers of all answers that are made from this object. */
  readonly #headers: Readonly<Record<string, string>>;
  #stamp: Stamp | null = null;

  /**
   * Makes the object from an answer that was fetched at `fetchedAt` (ms since 1970). Text is gzipped here, by the request that
   * fetched it. If the first reply did that instead, all other requests would have to await the work of that one.
   */
  static async of(loaded: Loaded, fetchedAt: number): Promise<CachedAnswer> {
    const madeAt = fetchedAt - loaded.ageMs;
    const isText = /mpegurl|json|vtt/.test(loaded.contentType);
    return new CachedAnswer(
      loaded,
      madeAt,
      isText && loaded.status === 200 ? await gzip(loaded.bytes) : null,
    );
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
   * Returns the headers of answers given at `now` (ms since 1970). Date and Age change once a second, so the headers are made
   * once a second, and each Response copies them. They are dropped when a stamp of another second is made: the runtime keeps
   * headers outside the heap, where one set takes several times the memory of a playlist.
   */
  stamp(now: number): Stamp {
    const second = Math.floor(now / 1000);
    const age = Math.floor((now - this.madeAt) / 1000);
    if (this.#stamp?.second === second && this.#stamp.age === age) return this.#stamp;
    const common = new Headers(this.#headers);
    common.set("date", new Date(now).toUTCString());
    if (age > 0) common.set("age", String(age));
    CachedAnswer.#note(this, second);
    this.#stamp = {
      second,
      age,
      common,
      plain: whole(common, this.loaded.bytes),
      gzipped: this.gzipped === null ? null : whole(common, this.gzipped, "gzip"),
    };
    return this.#stamp;
  }

  static #note(cached: CachedAnswer, second: number): void {
    if (CachedAnswer.#stamped.second !== second) {
      for (const earlier of CachedAnswer.#stamped.all) earlier.#stamp = null;
      CachedAnswer.#stamped = { second, all: [] };
    }
    CachedAnswer.#stamped.all.push(cached);
  }

  /** The memory that the body takes, plain and gzipped, bytes. */
  get cost(): number {
    return this.loaded.bytes.length + (this.gzipped?.length ?? 0);
  }
}

/** Headers of the answers given in one second. They are copied and never changed. */
export interface Stamp {
  readonly second: number;
  readonly age: number;
  /** For every answer. */
  readonly common: Headers;
  /** For an answer with the whole body: as it is, and gzipped. */
  readonly plain: Headers;
  readonly gzipped: Headers | null;
}

function whole(common: Headers, bytes: Uint8Array, encoding?: "gzip"): Headers {
  const headers = new Headers(common);
  headers.set("content-length", String(bytes.length));
  if (encoding !== undefined) headers.set("content-encoding", encoding);
  return headers;
}

/** The `max-age` of a Cache-Control header, seconds; 0 where it has none or forbids storing (RFC 9111 section 5.2.2). */
function maxAge(cacheControl: string): number {
  if (/\bno-store\b/.test(cacheControl)) return 0;
  return Number(/\bmax-age=(\d+)/.exec(cacheControl)?.[1] ?? 0);
}

/** The text of an ETag: FNV-1a over 2 x 32 bits. It tells versions of one object apart; it does not protect against forgery. */
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
