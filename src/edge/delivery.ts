import { timeLimit } from "../limit.ts";
import {
  covers,
  isAsNew,
  LIVE_EDGE_HEADER,
  type LiveEdge,
  mayMerge,
  newest,
  positionAsked,
} from "../live-edge.ts";
import type { Directives } from "../media.ts";
import { canonicalPath, originUrl, type Target } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { CachedAnswer, type Loaded } from "./cached-answer.ts";
import { Fronts, type Playlist } from "./fronts.ts";
import { isFresh } from "./lifetime.ts";
import { type Load, Memory, UNAVAILABLE, type Unavailable, type WaitUntil } from "./memory.ts";
import { refuse } from "./refusal.ts";
import { personal, reply } from "./reply.ts";
import { judge } from "./verdict.ts";

/** Timeout for a request that the origin may hold, ms. The origin gives up after 12 s at most (three target durations). */
const HOLD_TIMEOUT_MS = 14_000;
/** Timeout for any other request to the origin, ms. */
const FETCH_TIMEOUT_MS = 6_000;
/** How many times a playlist is fetched if each one is out of date on arrival. The last one is handed out all the same. */
const MAX_TURNS = 3;

/** Answers listeners from this isolate's memory, and asks the origin once for each object that is not there. One per isolate. */
export class Delivery {
  readonly #memory: Memory;
  readonly #fronts = new Fronts();

  constructor(memory = new Memory()) {
    this.#memory = memory;
  }

  /**
   * Answers a GET or HEAD. The edge asks the origin for the canonical URL only, without the listener's query and headers, so
   * that no listener can create another cache entry there. It does not ask for media that the show's live edge rules out.
   *
   * @param origin returns the origin; called only when the origin has to be asked
   * @param listener the listener's id in the request's URL; null where it has none
   * @param waitUntil keeps the runtime working on a promise after this request has gone
   */
  async answer(
    origin: () => Fetcher,
    asked: Target,
    request: Request,
    listener: string | null,
    waitUntil: WaitUntil,
  ): Promise<Response> {
    const now = Date.now();
    const ask: Ask = { origin, waitUntil, now };
    const found = this.#here(asked, now) ?? (await this.#find(asked, ask));
    switch (found.kind) {
      case "cached":
        if (asked.kind === "multivariant" && found.loaded.status === 200) return personal(found, request);
        return reply(found, request, listener, Date.now());
      case "unavailable":
        return refuse(PROBLEMS.noAnswer);
      case "problem":
        return refuse(found, BRIEFLY);
    }
  }

  /** Returns the origin's facts about a recording, from memory while they are fresh; a problem if the origin does not answer. */
  async find(
    origin: () => Fetcher,
    asked: Extract<Target, { kind: "recording" }>,
    waitUntil: WaitUntil,
  ): Promise<CachedAnswer | Problem> {
    const cached = await this.#fetch(asked, { origin, waitUntil, now: Date.now() });
    return cached.kind === "unavailable" ? PROBLEMS.noAnswer : cached;
  }

  /** Returns the live edge of show `id` as far as this isolate knows it, without asking the origin; null where it does not. */
  liveEdgeOf(id: string): LiveEdge | null {
    return this.#fronts.liveEdgeOf(id);
  }

  async #find(asked: Target, ask: Ask): Promise<CachedAnswer | Unavailable | Problem> {
    if (!("epoch" in asked)) return this.#fetch(asked, ask);
    let liveEdge = this.liveEdgeOf(asked.id);
    if (liveEdge !== null && this.#isUncertain(liveEdge, asked, ask.now)) {
      const refusal = await this.#refusalOfEpoch(asked, ask);
      if (refusal?.loaded.status === 404) return refusal;
      // After 410, the show goes on under another epoch. Its rewind lists may have segments of this one.
      liveEdge = refusal === null ? this.liveEdgeOf(asked.id) : null;
    }
    if (liveEdge === null || judge(liveEdge, asked, ask.now) !== null) {
      const multivariant = await this.#fetch({ kind: "multivariant", id: asked.id, opens: false }, ask);
      if (multivariant.kind === "unavailable" || multivariant.loaded.status !== 200) return multivariant;
      liveEdge = multivariant.liveEdge;
      // An origin of another version may send no live edge. Then nothing can be ruled out.
      if (liveEdge === null) return this.#fetch(asked, ask);
      const problem = judge(liveEdge, asked, ask.now);
      if (problem !== null) return problem;
    }
    return isList(asked) ? this.#list(asked, liveEdge, ask) : this.#fetch(asked, ask);
  }

  /** Whether only the origin can tell if `asked` is possible. An init segment is one name for each epoch, and R2 has it. */
  #isUncertain(liveEdge: LiveEdge, asked: OfEpoch, now: number): boolean {
    if (asked.kind === "init" || !this.#fronts.isUncertain(asked.id, now)) return false;
    return judge(liveEdge, asked, now) === null;
  }

  /**
   * Returns the 404 or 410 with which the origin refuses all of an epoch: the doors are closed, or the show goes on under another
   * epoch. Else null. It is one fetch a second at most, whatever is asked for. It asks for the plain playlist, since a request
   * for the multivariant playlist may open the doors.
   */
  async #refusalOfEpoch({ id, epoch }: OfEpoch, ask: Ask): Promise<CachedAnswer | null> {
    const list = await this.#fetch({ kind: "playlist", id, epoch, directives: {} }, ask);
    if (list.kind === "cached" && (list.loaded.status === 404 || list.loaded.status === 410)) return list;
    // If the Broadcast does not answer, R2 may still have media. Then each request would wait for the Broadcast in vain.
    this.#fronts.confirm(id, ask.now);
    return null;
  }

  /**
   * Returns a playlist that covers the place asked for, and is not older than anything this isolate has handed out. All
   * requests for media that is already listed share one URL upstream: that of the plain playlist. Where this isolate has
   * handed out parts newer than its newest playlist, it is the URL of the blocking playlist for the newest of those parts.
   */
  async #list(asked: Playlist, liveEdge: LiveEdge, ask: Ask): Promise<CachedAnswer | Unavailable> {
    const skips =
      asked.kind === "rewind" && asked.directives.skip === true && mayMerge(liveEdge, asked.directives);
    const wanted = skips ? asked : { ...asked, directives: withoutSkip(asked.directives) };
    let position = positionAsked(liveEdge, wanted.directives);
    if (covers(liveEdge, position)) position = this.#fronts.isBehind(wanted) ? newest(liveEdge) : null;
    for (let turn = 1; ; turn++) {
      const directives = { ...position, ...(skips && { skip: true }) };
      const fetched = await this.#fetch({ ...wanted, directives }, ask);
      if (fetched.kind === "unavailable") return fetched;
      const list = this.#fronts.newest(wanted, fetched);
      if (list.liveEdge !== null && !mayMerge(list.liveEdge, wanted.directives))
        return this.#list({ ...wanted, directives: withoutSkip(wanted.directives) }, list.liveEdge, ask);
      // While a distant origin was answering, another request may have received a newer playlist or part.
      const known = this.liveEdgeOf(asked.id);
      if (list.liveEdge === null || known === null || isAsNew(list.liveEdge, known)) return list;
      if (turn === MAX_TURNS) return list;
      position = newest(known);
    }
  }

  /** Returns the answer to a listener's request from this isolate's memory, or null. */
  #here(asked: Target, now: number): CachedAnswer | null {
    return isList(asked) ? this.#fronts.young(asked, now) : this.#memory.peek(canonicalPath(asked), now);
  }

  /** Returns the object in memory for an upstream URL, or null. A plain playlist counts only while it can be the newest one. */
  #peek(target: Target, path: string, now: number): CachedAnswer | null {
    const cached = this.#memory.peek(path, now);
    const isPlain = isList(target) && target.directives.msn === undefined;
    if (cached === null || !isPlain) return cached;
    return isFresh(cached, "newest", now) ? cached : null;
  }

  async #fetch(target: Target, { origin, waitUntil, now }: Ask): Promise<CachedAnswer | Unavailable> {
    const path = canonicalPath(target);
    const here = this.#peek(target, path, now);
    if (here !== null) return here;
    const isHeld = target.kind === "part" || isList(target) || (target.kind === "status" && target.waits);
    const timeout = isHeld ? HOLD_TIMEOUT_MS : FETCH_TIMEOUT_MS;
    const upstream: Load = (at, limit) => load(origin, at, limit);
    const cached = await this.#memory.fetch(path, timeout, upstream, waitUntil, this.#isPast(target));
    if (cached.kind === "cached") this.#fronts.note(target, cached, Date.now());
    return cached;
  }

  /** Whether `target` is media that has left its live playlist. */
  #isPast(target: Target): boolean {
    if (target.kind !== "part" && target.kind !== "segment") return false;
    const liveEdge = this.liveEdgeOf(target.id);
    return liveEdge !== null && target.msn < liveEdge.firstMsn;
  }
}

function isList(target: Target): target is Playlist {
  return target.kind === "playlist" || target.kind === "rewind";
}

function withoutSkip({ msn, part }: Directives): Directives {
  return { ...(msn !== undefined && { msn }), ...(part !== undefined && { part }) };
}

/** A target that belongs to a timeline. */
type OfEpoch = Extract<Target, { readonly epoch: string }>;

interface Ask {
  readonly origin: () => Fetcher;
  readonly waitUntil: WaitUntil;
  readonly now: number;
}

/** Fetches an object from the origin. Logs a failure once, however many listeners wait for the object. */
async function load(
  origin: () => Fetcher,
  path: string,
  timeoutMs: number,
): Promise<CachedAnswer | Unavailable> {
  try {
    return await CachedAnswer.of(await loadWhole(origin(), path, timeoutMs), Date.now());
  } catch (error) {
    console.warn(`The origin gave nothing for ${path}: ${String(error)}`);
    return UNAVAILABLE;
  }
}

/** Fetches an object. Rejects unless all of it arrives, since a part must be handed out whole (RFC 8216bis section 6.2.6). */
async function loadWhole(origin: Fetcher, path: string, timeoutMs: number): Promise<Loaded> {
  const { signal, cancel } = abortAfter(timeoutMs);
  try {
    return await readWhole(await origin.fetch(originUrl(path), { signal }));
  } finally {
    cancel();
  }
}

/** Unlike AbortSignal.timeout, this allows more time after the process was suspended (limit.ts). */
function abortAfter(millis: number): { readonly signal: AbortSignal; cancel(): void } {
  const controller = new AbortController();
  const cancel = timeLimit(millis, () => controller.abort(new Error(`no answer in ${millis} ms`)));
  return { signal: controller.signal, cancel };
}

async function readWhole(response: Response): Promise<Loaded> {
  const { headers, status } = response;
  // Origin's own 503 has Retry-After. Any other 5xx is an exception or comes from the platform: its text is not for listeners.
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
    // A 5xx is never cached: a cache that repeats it prolongs a short failure.
    cacheControl: (status < 500 && headers.get("cache-control")) || "no-store",
    retryAfter: headers.get("retry-after"),
    ageMs: 1000 * (Number(headers.get("age")) || 0),
    liveEdge: headers.get(LIVE_EDGE_HEADER),
  };
}

/** Headers of a refusal. Caches may keep it for a second, so it outlives its cause by no more than that. */
const BRIEFLY = { "cache-control": "public, max-age=1" };
