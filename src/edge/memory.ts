import { timeLimit } from "../limit.ts";
import type { CachedAnswer } from "./cached-answer.ts";
import { isFresh } from "./lifetime.ts";

/** How much an isolate keeps in memory. It has 128 MB in all, and needs them for other work too. */
export interface Bounds {
  readonly bytes: number;
  readonly entries: number;
  /** How many distinct objects may be fetched at a time. A request for one more is refused. */
  readonly flights: number;
  /** How many of these may be media that has left its playlist, so that a client that asks for all of it can not block a show. */
  readonly pastFlights: number;
}

/** Objects in flight come on top: 200 segments of 4 s at 256 kbit/s are 25 MiB, and no other objects are as large. */
const BOUNDS: Bounds = { bytes: 24 * 1024 * 1024, entries: 4_000, flights: 1_000, pastFlights: 200 };
/**
 * An entry that nobody has asked for in this time is evicted, ms. A live list names its media for half as long, and each
 * listener asks for media once, shortly after it was listed. If only their lifetimes counted (an hour for media), the last
 * quarter of an hour of every show would stay, and so would all its lists, whose URLs nobody asks for again.
 */
const IDLE_MS = 60_000;
/** What an entry costs beside its body, bytes: its names, headers and place in the map, rounded up. */
const OVERHEAD_BYTES = 1_024;
/** How long after the fetch's own timeout a flight is taken for lost, ms. Then a follower fetches the object itself. */
const GRACE_MS = 500;

/** Fetches one object from upstream: unavailable unless all of it arrives within `timeoutMs`. Never rejects. */
export type Load = (path: string, timeoutMs: number) => Promise<CachedAnswer | Unavailable>;
/** Keeps the runtime working on a promise after the request has ended, as `ExecutionContext.waitUntil` does. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** A fetch under way. The request that began it is its leader; the others that wait for the same object are its followers. */
interface Flight {
  /** The leader's promise. */
  readonly cached: Promise<CachedAnswer | Unavailable>;
  /** Each follower has a promise of its own: in this runtime it costs more to await another request's promise. */
  readonly followers: Set<Follower>;
  /** A flight that has not landed by then is lost, ms since 1970. */
  readonly endsAt: number;
  readonly isPast: boolean;
}

interface Entry {
  readonly cached: CachedAnswer;
  /** When it was last asked for, ms since 1970. */
  usedAt: number;
}

/** Settles a follower's promise. */
type Follower = (cached: CachedAnswer | Unavailable) => void;

/** The object can not be had now. The listener is told to come back. */
export interface Unavailable {
  readonly kind: "unavailable";
}

export const UNAVAILABLE: Unavailable = { kind: "unavailable" };

/**
 * The objects that one isolate hands out. The least recently used one is evicted first. However many listeners ask at once for
 * an object that is not here, one fetch goes upstream.
 */
export class Memory {
  readonly #bounds: Bounds;
  /** Map order is the order of use: the first entry is the least recently used. */
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Flight>();
  #pastFlights = 0;
  #bytes = 0;

  constructor(bounds: Bounds = BOUNDS) {
    this.#bounds = bounds;
  }

  /** How much is held, for tests and monitoring of the bounds. */
  get size(): { readonly entries: number; readonly bytes: number; readonly flights: number } {
    return { entries: this.#entries.size, bytes: this.#bytes, flights: this.#flights.size };
  }

  /** Returns the object if it is here and fresh at `now` (ms since 1970), else null. */
  peek(path: string, now: number): CachedAnswer | null {
    const entry = this.#entries.get(path);
    if (entry === undefined) return null;
    if (!isFresh(entry.cached, "own", now)) {
      this.#forget(path, entry);
      return null;
    }
    entry.usedAt = now;
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    return entry.cached;
  }

  /**
   * Fetches the object, or joins the fetch under way. Unavailable: upstream has not given it after `timeoutMs` and a little, or
   * after about twice that where this followed a flight that was lost; or too many different objects are being fetched, which is
   * known at once.
   *
   * @param waitUntil keeps the runtime working on the fetch after the leader's request has ended: its client may leave while
   *   others follow. The leader's work may be lost all the same, so each follower has a timer of its own, and the first whose
   *   timer fires fetches the object itself.
   * @param isPast whether the object is media that has left its playlist
   */
  async fetch(
    path: string,
    timeoutMs: number,
    load: Load,
    waitUntil: WaitUntil,
    isPast = false,
  ): Promise<CachedAnswer | Unavailable> {
    const lead = () => this.#lead(path, timeoutMs, load, waitUntil, isPast);
    const flight = this.#underWay(path, Date.now());
    if (flight === null) return lead()?.cached ?? UNAVAILABLE;
    const followed = await follow(flight, flight.endsAt - Date.now());
    if (followed !== null) return followed;
    this.#land(path, flight);
    // The followers' timers fire at about the same time. A later one finds here what an earlier one has fetched.
    const here = this.peek(path, Date.now());
    if (here !== null) return here;
    const next = this.#flights.get(path) ?? lead();
    return (next && (await follow(next, timeoutMs + GRACE_MS))) ?? UNAVAILABLE;
  }

  /** Returns the fetch under way for `path`, unless it is lost: the runtime may drop a leader's work without notice. */
  #underWay(path: string, now: number): Flight | null {
    const flight = this.#flights.get(path);
    if (flight === undefined) return null;
    if (now < flight.endsAt) return flight;
    this.#land(path, flight);
    return null;
  }

  /** Begins a fetch; null where too many different objects are being fetched. */
  #lead(path: string, timeoutMs: number, load: Load, waitUntil: WaitUntil, isPast: boolean): Flight | null {
    const now = Date.now();
    if (this.#isFull(isPast)) for (const known of this.#flights.keys()) this.#underWay(known, now);
    if (this.#isFull(isPast)) return null;
    const followers = new Set<Follower>();
    const cached = this.#load(path, timeoutMs, load).finally(() => this.#land(path, flight));
    const flight: Flight = { cached, followers, endsAt: now + timeoutMs + GRACE_MS, isPast };
    this.#flights.set(path, flight);
    if (isPast) this.#pastFlights++;
    const told = cached.then((value) => {
      for (const settle of followers) settle(value);
    });
    waitUntil(told);
    return flight;
  }

  #isFull(isPast: boolean): boolean {
    const { flights, pastFlights } = this.#bounds;
    return this.#flights.size >= flights || (isPast && this.#pastFlights >= pastFlights);
  }

  #land(path: string, flight: Flight): void {
    if (this.#flights.get(path) !== flight) return;
    this.#flights.delete(path);
    if (flight.isPast) this.#pastFlights--;
  }

  async #load(path: string, timeoutMs: number, load: Load): Promise<CachedAnswer | Unavailable> {
    const cached = await load(path, timeoutMs);
    if (cached.kind === "cached") this.#remember(path, cached, Date.now());
    return cached;
  }

  #remember(path: string, cached: CachedAnswer, now: number): void {
    if (cached.maxAgeMs <= 0 || cached.cost + OVERHEAD_BYTES > this.#bounds.bytes) return;
    const before = this.#entries.get(path);
    if (before !== undefined) this.#forget(path, before);
    this.#entries.set(path, { cached, usedAt: now });
    this.#bytes += cached.cost + OVERHEAD_BYTES;
    for (const [oldest, entry] of this.#entries) {
      const isBounded = this.#bytes <= this.#bounds.bytes && this.#entries.size <= this.#bounds.entries;
      if (isBounded && now - entry.usedAt < IDLE_MS) break;
      this.#forget(oldest, entry);
    }
  }

  #forget(path: string, { cached }: Entry): void {
    if (this.#entries.delete(path)) this.#bytes -= cached.cost + OVERHEAD_BYTES;
  }
}

/**
 * Waits for a flight to land. Returns null if it has not landed after `millis`. Each request has a timer of its own: no other
 * request may clear it, and the runtime ends a request that waits for nothing of its own.
 */
async function follow({ followers }: Flight, millis: number): Promise<CachedAnswer | Unavailable | null> {
  const { promise, resolve } = Promise.withResolvers<CachedAnswer | Unavailable | null>();
  followers.add(resolve);
  const cancel = timeLimit(millis, () => {
    followers.delete(resolve);
    resolve(null);
  });
  try {
    return await promise;
  } finally {
    cancel();
  }
}
