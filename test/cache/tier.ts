import { keyOf } from "./key.ts";
import { slice } from "./range.ts";
import { Stored } from "./stored.ts";

/** What is behind a cache: the next tier or the Worker. It answers, or throws as a Worker throws. */
export type Upstream = (request: Request) => Promise<Response>;

/** The `cf-cache-status` of an answer (developers.cloudflare.com/cache/concepts/cache-responses). */
export type Status = "HIT" | "MISS" | "EXPIRED" | "REVALIDATED" | "UPDATING" | "STALE" | "BYPASS";

/** One data centre's cache. It only drops entries that are replaced or broken: runs are short, and objects small. */
export class Tier {
  /** Requests received. */
  requests = 0;
  /** Requests that waited for another request and were answered with its result. */
  joined = 0;
  /** Answers by status. */
  readonly answers: Record<Status, number> = {
    HIT: 0,
    MISS: 0,
    EXPIRED: 0,
    REVALIDATED: 0,
    UPDATING: 0,
    STALE: 0,
    BYPASS: 0,
  };
  /** Requests sent upstream, by path and query. */
  readonly sent = new Map<string, number>();
  readonly #entrypoint: string;
  readonly #upstream: Upstream;
  readonly #entries = new Map<string, Stored[]>();
  readonly #flights = new Map<string, Promise<Landing | null>>();

  constructor(entrypoint: string, upstream: Upstream) {
    this.#entrypoint = entrypoint;
    this.#upstream = upstream;
  }

  async fetch(request: Request): Promise<Response> {
    this.requests += 1;
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead || request.headers.has("upgrade")) return this.#bypass(await this.#send(request));
    const key = keyOf(this.#entrypoint, request);
    for (;;) {
      const found = this.#entries.get(key)?.find((stored) => stored.matches(request));
      if (found?.isFresh) return this.#answer({ status: "HIT", stored: found }, request);
      const flight = this.#flights.get(key);
      if (found?.mayLag) {
        if (flight === undefined) void this.#lead(key, request, found).catch(() => undefined);
        return this.#answer({ status: "UPDATING", stored: found }, request);
      }
      if (flight === undefined) return this.#lead(key, request, found);
      const landing = await flight;
      if (landing === null) return this.#bypass(await this.#send(whole(request)));
      if (!landing.stored.matches(request)) continue;
      this.joined += 1;
      return this.#answer(landing.status === "STALE" ? landing : { ...landing, status: "HIT" }, request);
    }
  }

  /** Asks upstream for all requests for `key` that come meanwhile. */
  async #lead(key: string, request: Request, stale: Stored | undefined): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Landing | null>();
    this.#flights.set(key, promise);
    let landing: Landing | null = null;
    try {
      const response = await this.#send(whole(request, stale?.validators));
      landing = this.#keep(key, request, response, stale);
      return landing === null ? this.#bypass(response) : this.#answer(landing, request);
    } catch (error) {
      if (!stale?.mayStandIn) throw error;
      landing = { status: "STALE", stored: stale };
      return this.#answer(landing, request);
    } finally {
      this.#flights.delete(key);
      resolve(landing);
    }
  }

  /** Keeps an answer from upstream where that is allowed, and returns what to hand out; null: the answer itself. */
  #keep(key: string, request: Request, response: Response, stale: Stored | undefined): Landing | null {
    if (stale !== undefined && response.status >= 500 && stale.mayStandIn)
      return { status: "STALE", stored: stale };
    const isSame = stale !== undefined && response.status === 304;
    const stored = isSame ? stale.refreshed(request, response) : Stored.of(request, response);
    if (stored === null) return null;
    const others = this.#entries.get(key)?.filter((entry) => !entry.matches(request)) ?? [];
    this.#entries.set(key, [...others, stored]);
    void stored.body.settled().then((isWhole) => {
      const entries = this.#entries.get(key)?.filter((entry) => isWhole || entry !== stored);
      if (entries !== undefined) this.#entries.set(key, entries);
    });
    if (isSame) return { status: "REVALIDATED", stored };
    return { status: stale === undefined ? "MISS" : "EXPIRED", stored };
  }

  #send(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    this.sent.set(pathname + search, (this.sent.get(pathname + search) ?? 0) + 1);
    return this.#upstream(request);
  }

  #bypass(response: Response): Response {
    this.answers.BYPASS += 1;
    const headers = new Headers(response.headers);
    headers.set("cf-cache-status", "BYPASS");
    return new Response(response.body, { status: response.status, headers });
  }

  async #answer({ status, stored }: Landing, request: Request): Promise<Response> {
    this.answers[status] += 1;
    const headers = stored.headers();
    headers.set("cf-cache-status", status);
    const etag = headers.get("etag");
    if (stored.status === 200 && etag !== null && request.headers.get("if-none-match") === etag) {
      return new Response(null, { status: 304, headers });
    }
    if (request.method === "HEAD") return new Response(null, { status: stored.status, headers });
    const range = request.headers.get("range");
    const sliced =
      range !== null && stored.status === 200 ? slice(await stored.body.bytes(), range, headers) : null;
    const isEmpty = stored.status === 204;
    return sliced ?? new Response(isEmpty ? null : stored.body.stream(), { status: stored.status, headers });
  }
}

/** The result of a request upstream, for all who waited. */
interface Landing {
  readonly status: Status;
  readonly stored: Stored;
}

/** The request for the whole object as it goes upstream: GET, without a range and without the client's conditions. */
function whole(request: Request, validators: Readonly<Record<string, string>> = {}): Request {
  const headers = new Headers(request.headers);
  for (const name of ["range", "if-none-match", "if-modified-since", "if-match", "if-range"])
    headers.delete(name);
  for (const [name, value] of Object.entries(validators)) headers.set(name, value);
  return new Request(request.url, { headers });
}
