import {
  canonicalDirectives,
  covers,
  HORIZON_HEADER,
  type Horizon,
  judge,
  newest,
  type Verdict,
} from "../horizon.ts";
import type { Directives } from "../media.ts";
import { canonicalPath, type Target } from "../paths.ts";
import { Held, type Loaded, OPEN_TO_ALL } from "./held.ts";
import { type Load, Memory, Unavailable } from "./memory.ts";
import { problem } from "./problem.ts";
import { personal, reply } from "./reply.ts";

/** Methods a listener has. */
export const LISTEN_METHODS = "GET, HEAD, OPTIONS";

/** A held playlist takes three target durations at most (6 or 12 s), then the origin itself gives up. */
const HOLD_TIMEOUT_MS = 14_000;
const FETCH_TIMEOUT_MS = 6_000;
/** Shows an isolate keeps the horizon of; the least recently used is forgotten first. */
const MAX_SHOWS = 1_000;

/** What this isolate knows of a show: the newest horizon it has been told, and the newest list it has seen. */
interface Front {
  readonly horizon: Horizon;
  readonly list: { readonly held: Held; readonly horizon: Horizon } | null;
}

/** Answers listeners from this isolate's memory, and asks the origin once for what is not there. One per isolate. */
export class Delivery {
  readonly #memory: Memory;
  readonly #fronts = new Map<string, Front>();

  constructor(memory = new Memory()) {
    this.#memory = memory;
  }

  /**
   * Answers a GET or HEAD. The origin is asked for the canonical form alone: no query but the directives, no header of
   * the listener's, so that nothing a listener sends can make a new object upstream; and not at all for what the show's
   * horizon says can not be there.
   *
   * @param origin where to ask; looked up only when there is something to ask
   * @param listener the id in the request's URL
   * @param keep keeps the runtime working on a promise after this request has gone (`waitUntil`)
   */
  async answer(
    origin: () => Fetcher,
    asked: Target,
    request: Request,
    listener: string | null,
    keep: Keep,
  ): Promise<Response> {
    const now = Date.now();
    const ask: Ask = { origin, keep, now };
    try {
      const held = this.#here(asked, now) ?? (await this.#find(asked, ask));
      if (!(held instanceof Held)) return refusal(held);
      if (asked.kind === "multivariant" && held.loaded.status === 200) return personal(held, request);
      return reply(held, request, listener, Date.now());
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      const message = "The show does not answer at this moment; ask again.";
      return problem(503, "unavailable", message, { "retry-after": "1" });
    }
  }

  /** What is known of the live edge of show `id`, without asking. */
  horizonOf(id: string): Horizon | null {
    return this.#fronts.get(id)?.horizon ?? null;
  }

  async #find(asked: Target, ask: Ask): Promise<Held | Verdict> {
    if (!("epoch" in asked)) return this.#fetch(asked, ask);
    let horizon = this.#fronts.get(asked.id)?.horizon ?? null;
    if (horizon === null || judge(horizon, asked, ask.now) !== "ask") {
      const multivariant = await this.#fetch({ kind: "multivariant", id: asked.id }, ask);
      if (multivariant.loaded.status !== 200) return multivariant;
      horizon = multivariant.horizon;
      // An origin of another version may not say; then all is asked for.
      if (horizon === null) return this.#fetch(asked, ask);
      const verdict = judge(horizon, asked, ask.now);
      if (verdict !== "ask") return verdict;
    }
    return asked.kind === "playlist" ? this.#list(asked, horizon, ask) : this.#fetch(asked, ask);
  }

  /**
   * A list that holds what is asked for. What is listed already is the same question whoever asks, and has one URL: the
   * plain list, or where a cache has an older one, the list at least as new as what is known.
   */
  async #list(asked: Playlist, horizon: Horizon, ask: Ask): Promise<Held> {
    const directives = canonicalDirectives(horizon, asked.directives);
    if (!covers(horizon, directives)) return this.#fetch({ ...asked, directives }, ask);
    const young = this.#young(asked, directives, ask.now);
    if (young !== null) return young;
    const plain = this.#newest(asked, await this.#fetch({ ...asked, directives: {} }, ask));
    if (plain.horizon === null || covers(plain.horizon, directives)) return plain;
    return this.#fetch({ ...asked, directives: newest(horizon) }, ask);
  }

  /** What is held of what is asked for. Who joins gets the newest list there is, under whatever URL it was fetched. */
  #here(asked: Target, now: number): Held | null {
    if (asked.kind !== "playlist" || asked.directives.msn !== undefined) return this.#peek(asked, now);
    const young = this.#young(asked, {}, now);
    if (young !== null) return young;
    const plain = this.#peek(asked, now);
    return plain === null ? null : this.#newest(asked, plain);
  }

  /** A plain list, or the one known that is newer: what a cache has kept may be older, and a show does not go back. */
  #newest({ id, epoch }: Playlist, plain: Held): Held {
    const known = this.#fronts.get(id)?.list;
    if (known == null || known.horizon.epoch !== epoch || plain.horizon === null) return plain;
    return isNewer(plain.horizon, known.horizon) ? plain : known.held;
  }

  /** As the memory has it, except that a plain list that lists parts is of use for a part's time only. */
  #peek(target: Target, now: number): Held | null {
    const held = this.#memory.peek(canonicalPath(target), now);
    const isPlainList = target.kind === "playlist" && target.directives.msn === undefined;
    if (held === null || !isPlainList || held.horizon?.listsParts !== true) return held;
    return now - held.madeAt < held.horizon.partMillis ? held : null;
  }

  /** The newest list seen, while it is younger than a part and holds what is asked for. */
  #young({ id, epoch }: Playlist, directives: Directives, now: number): Held | null {
    const front = this.#fronts.get(id);
    if (front?.list == null || !front.list.horizon.listsParts || front.list.horizon.epoch !== epoch)
      return null;
    const { held, horizon } = front.list;
    return now - held.madeAt < horizon.partMillis && covers(horizon, directives) ? held : null;
  }

  async #fetch(target: Target, { origin, keep, now }: Ask): Promise<Held> {
    const path = canonicalPath(target);
    const here = this.#peek(target, now);
    if (here !== null) return here;
    const isHeld =
      target.kind === "part" || (target.kind === "playlist" && target.directives.msn !== undefined);
    const timeout = isHeld || target.kind === "playlist" ? HOLD_TIMEOUT_MS : FETCH_TIMEOUT_MS;
    const upstream: Load = (at, limit) => load(origin(), at, limit);
    const held = await this.#memory.fetch(path, timeout, upstream, keep, this.#isPast(target));
    this.#note(target, held);
    return held;
  }

  #isPast(target: Target): boolean {
    if (target.kind !== "part" && target.kind !== "segment") return false;
    const horizon = this.horizonOf(target.id);
    return horizon !== null && target.msn < horizon.firstMsn;
  }

  /** Remembers the horizon that came with a list, if it is newer than what is known. */
  #note(target: Target, held: Held): void {
    if (target.kind !== "playlist" && target.kind !== "multivariant") return;
    const { horizon } = held;
    if (horizon === null) return;
    const known = this.#fronts.get(target.id);
    // A thousand listeners have waited for this list, and the first of them was here.
    if (known?.list?.held === held) return;
    const list = target.kind === "playlist" ? { held, horizon } : null;
    this.#fronts.delete(target.id);
    this.#fronts.set(target.id, {
      horizon: known === undefined || isNewer(horizon, known.horizon) ? horizon : known.horizon,
      list:
        list !== null && (known?.list == null || isNewer(horizon, known.list.horizon))
          ? list
          : (known?.list ?? null),
    });
    const oldest = this.#fronts.size > MAX_SHOWS ? this.#fronts.keys().next().value : undefined;
    if (oldest !== undefined) this.#fronts.delete(oldest);
  }
}

type Playlist = Extract<Target, { kind: "playlist" }>;

export type Keep = (work: Promise<unknown>) => void;

interface Ask {
  readonly origin: () => Fetcher;
  readonly keep: Keep;
  readonly now: number;
}

function isNewer(a: Horizon, b: Horizon): boolean {
  if (a.epoch !== b.epoch) return a.epoch > b.epoch;
  return a.ended || a.lastMsn > b.lastMsn || (a.lastMsn === b.lastMsn && a.openParts >= b.openParts);
}

/** Fetches an object; a failure is told here, once for all who wait. */
async function load(origin: Fetcher, path: string, timeoutMs: number): Promise<Loaded> {
  try {
    return await loadWhole(origin, path, timeoutMs);
  } catch (error) {
    console.warn(`The origin gave nothing for ${path}: ${String(error)}`);
    throw error;
  }
}

/** Half a part is no part (RFC 8216bis section 6.2.6). */
async function loadWhole(origin: Fetcher, path: string, timeoutMs: number): Promise<Loaded> {
  const response = await origin.fetch(`https://origin${path}`, { signal: AbortSignal.timeout(timeoutMs) });
  const { headers, status } = response;
  // The origin's own 503 says when to come back; any other is an exception or the platform's, and no listener's business.
  if (status >= 500 && !headers.has("retry-after")) {
    await response.body?.cancel();
    throw new Error(`the origin answered ${status}`);
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  const length = headers.get("content-length");
  if (length !== null && Number(length) !== bytes.length) throw new Error("the body broke off");
  return {
    status,
    bytes,
    contentType: headers.get("content-type") ?? "application/octet-stream",
    // To a player, a cache that goes on saying that there is no answer is an outage.
    cacheControl: (status < 500 && headers.get("cache-control")) || "no-store",
    retryAfter: headers.get("retry-after"),
    ageMs: 1000 * (Number(headers.get("age")) || 0),
    horizon: headers.get(HORIZON_HEADER),
  };
}

/** Of what is gone, or never was: may outlive its cause by a second. */
const BRIEFLY = { "cache-control": "public, max-age=1" };

function refusal(verdict: Verdict): Response {
  switch (verdict) {
    case "too-far-ahead":
      return problem(
        400,
        "bad_directive",
        "_HLS_msn or _HLS_part is too far ahead of the last segment or part.",
        BRIEFLY,
      );
    case "other-epoch":
      return problem(410, "other_epoch", "This show is over; load the playback URL again.", BRIEFLY);
    default:
      return problem(404, "no_such_media", "There is no such part or segment, or it is too old.", BRIEFLY);
  }
}

/** The answer to a preflight (Fetch standard, CORS protocol): reading is open to all, with a Range if need be. */
export function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...OPEN_TO_ALL,
      "access-control-allow-methods": LISTEN_METHODS,
      "access-control-allow-headers": "Range",
      "access-control-max-age": "86400",
      allow: LISTEN_METHODS,
    },
  });
}
