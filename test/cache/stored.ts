import CachePolicy from "http-cache-semantics";
import { Spool } from "./spool.ts";

/** How long a response without Cache-Control is fresh, by its status, seconds (workers/cache/configuration). */
const DEFAULT_TTL: Readonly<Record<number, number>> = {
  200: 7200,
  203: 7200,
  204: 7200,
  300: 1200,
  301: 1200,
  404: 180,
  405: 60,
  410: 180,
  414: 60,
  501: 60,
};

/** A response that a cache keeps. Freshness follows RFC 9111, computed by http-cache-semantics; time is `Date.now()`. */
export class Stored {
  readonly status: number;
  readonly body: Spool;
  readonly #policy: CachePolicy;
  readonly #headers: Headers;
  readonly #directives: ReadonlyMap<string, string>;
  /** Values of the request headers that `Vary` names, as they were sent: two spellings never match. */
  readonly #varied: readonly (readonly [name: string, value: string | null])[];

  /** Begins to keep `response`; null where it must not be kept, and then it is left unread. */
  static of(request: Request, response: Response): Stored | null {
    const { headers, status } = response;
    const cacheControl = effective(headers, status);
    if (cacheControl === null || NEVER(status)) return null;
    if (headers.has("set-cookie") || headers.get("vary")?.includes("*")) return null;
    if (!policyOf(request, headers, cacheControl).storable()) return null;
    return new Stored(request, status, headers, new Spool(response.body), cacheControl);
  }

  private constructor(request: Request, status: number, headers: Headers, body: Spool, cacheControl: string) {
    this.status = status;
    this.body = body;
    this.#policy = policyOf(request, headers, cacheControl);
    this.#headers = headers;
    this.#directives = directivesOf(cacheControl);
    const names = (headers.get("vary") ?? "").toLowerCase().match(/[^\s,]+/g) ?? [];
    this.#varied = names.map((name) => [name, request.headers.get(name)]);
  }

  /** Whether this response answers `request`, as far as `Vary` goes. */
  matches(request: Request): boolean {
    return this.#varied.every(([name, value]) => request.headers.get(name) === value);
  }

  get isFresh(): boolean {
    return !this.#policy.stale();
  }

  /** Whether it may be handed out once more while it is fetched anew. Only `stale-while-revalidate` allows that. */
  get mayLag(): boolean {
    return (
      !this.#mustRevalidate && this.#overdue <= Number(this.#directives.get("stale-while-revalidate") ?? -1)
    );
  }

  /** Whether it may stand in for an error: only a success may, and for ever unless it states a limit or forbids staleness. */
  get mayStandIn(): boolean {
    if (this.#mustRevalidate || this.status >= 400) return false;
    return this.#overdue < Number(this.#directives.get("stale-if-error") ?? Number.POSITIVE_INFINITY);
  }

  /** RFC 9111 section 4.2.4, and `no-cache` (section 5.2.2.4). */
  get #mustRevalidate(): boolean {
    return ["must-revalidate", "proxy-revalidate", "s-maxage", "no-cache"].some((name) =>
      this.#directives.has(name),
    );
  }

  /** Seconds since it was last fresh. */
  get #overdue(): number {
    return this.#policy.age() - this.#policy.maxAge();
  }

  /** Headers for a request that asks whether this response is still current; empty where it has no validator. */
  get validators(): Readonly<Record<string, string>> {
    const etag = this.#headers.get("etag");
    const modified = this.#headers.get("last-modified");
    return {
      ...(etag !== null && { "if-none-match": etag }),
      ...(modified !== null && { "if-modified-since": modified }),
    };
  }

  /** The same body with the headers of a 304 (RFC 9111 section 4.3.4). */
  refreshed(request: Request, notModified: Response): Stored {
    const headers = new Headers(this.#headers);
    for (const [name, value] of notModified.headers) if (name !== "content-length") headers.set(name, value);
    if (!notModified.headers.has("age")) headers.delete("age");
    return new Stored(
      request,
      this.status,
      headers,
      this.body,
      effective(headers, this.status) ?? "no-cache",
    );
  }

  /**
   * The headers with which it is handed out. `Age` is in whole seconds, rounded down. The next cache down the line can not know
   * the fraction, so each tier may keep a response up to a second longer than the tier above it.
   */
  headers(): Headers {
    const headers = new Headers(this.#headers);
    headers.set("age", String(Math.floor(this.#policy.age())));
    return headers;
  }
}

/** 206 and Cloudflare's own 520 to 526 (workers/cache/limitations), and statuses that are not final. */
const NEVER = (status: number) =>
  status < 200 || status === 206 || status === 304 || (status >= 520 && status <= 526);

/** The Cache-Control that counts: that of the most specific header, or the default for the status, or null. */
function effective(headers: Headers, status: number): string | null {
  for (const name of ["cloudflare-cdn-cache-control", "cdn-cache-control", "cache-control"]) {
    const value = headers.get(name);
    if (value !== null) return value;
  }
  if (headers.has("expires")) return "";
  const seconds = DEFAULT_TTL[status];
  return seconds === undefined ? null : `max-age=${seconds}`;
}

function directivesOf(cacheControl: string): Map<string, string> {
  const terms = cacheControl
    .toLowerCase()
    .split(",")
    .map((term) => term.trim().split("="));
  return new Map(terms.map(([name = "", value = ""]) => [name, value.replaceAll('"', "")]));
}

/**
 * The library's policy, corrected where it differs from the RFC. Every final status with a lifetime may be kept (RFC 9111
 * section 3), while the library only keeps those that have a default. `proxy-revalidate` concerns stale responses (section
 * 5.2.2.8), while the library takes all freshness away. The client's own Cache-Control is left out: the documentation gives it
 * no effect.
 */
function policyOf(request: Request, headers: Headers, cacheControl: string): CachePolicy {
  const { pathname, search } = new URL(request.url);
  const authorization = request.headers.get("authorization");
  return new CachePolicy(
    { method: "GET", url: pathname + search, headers: authorization === null ? {} : { authorization } },
    {
      status: 200,
      headers: {
        ...Object.fromEntries(headers),
        "cache-control": cacheControl.toLowerCase().replace(/\bproxy-revalidate\b/, ""),
      },
    },
    { shared: true, cacheHeuristic: 0 },
  );
}
