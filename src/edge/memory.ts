import { Held, type Loaded } from "./held.ts";

/** How much an isolate remembers. An isolate has 128 MB in all, and other work to do with them. */
export interface Bounds {
  readonly bytes: number;
  readonly entries: number;
  /** Distinct objects being fetched at one time; one more is refused. */
  readonly flights: number;
  /** How many of them may be media that has left its playlist: whoever asks for all of it must not keep the show waiting. */
  readonly pastFlights: number;
}

/** What is in flight comes on top: 200 segments of 4 s and 256 kbit/s are 25 MiB, and nothing else that is as large. */
const BOUNDS: Bounds = { bytes: 24 * 1024 * 1024, entries: 4_000, flights: 1_000, pastFlights: 200 };
/**
 * What nobody has asked for in so long is let go of. A live list names its media for half as long, and each listener asks once,
 * shortly after it was listed. By their lifetimes alone (an hour for media) the last quarter of an hour of every show would
 * stay, and all its lists, whose URLs nobody asks for again.
 */
const IDLE_MS = 60_000;
/** What an entry costs beside its bytes: its names, headers and place in the map, rounded up. */
const OVERHEAD_BYTES = 1_024;
/** How long a leader's promise is believed in beyond the fetch's own time limit; then a follower takes the lead itself. */
const GRACE_MS = 500;

/** Fetches one object from upstream; rejects when it can not be had whole within `timeoutMs`. */
export type Load = (path: string, timeoutMs: number) => Promise<Loaded>;
/** Keeps the runtime working on a promise after the request has gone, as the platform's own does. */
export type WaitUntil = (work: Promise<unknown>) => void;

/** A fetch under way. */
interface Flight {
  /** For who began it. */
  readonly held: Promise<Held>;
  /** Those who follow, each with a promise of its own to settle: in the runtime, one request's waiting for another's promise costs more. */
  readonly followers: Set<Follower>;
  /** When it has either landed or is lost, milliseconds since 1970. */
  readonly endsAt: number;
  readonly isPast: boolean;
}

interface Entry {
  readonly held: Held;
  /** When it was last asked for, milliseconds since 1970. */
  usedAt: number;
}

interface Follower {
  readonly resolve: (held: Held) => void;
  readonly reject: (error: unknown) => void;
}

/** Why there is nothing to hand out; the listener is told to come back. */
export class Unavailable extends Error {}

/**
 * The objects that one isolate hands out, least recently used first to go. However many listeners ask at once for an
 * object that is not here, one fetch goes upstream.
 */
export class Memory {
  readonly #bounds: Bounds;
  /** Map order is the order of use: the first is the least recently used. */
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Flight>();
  #pastFlights = 0;
  #bytes = 0;

  constructor(bounds: Bounds = BOUNDS) {
    this.#bounds = bounds;
  }

  /** What is being held, for those who watch the bounds. */
  get size(): { readonly entries: number; readonly bytes: number; readonly flights: number } {
    return { entries: this.#entries.size, bytes: this.#bytes, flights: this.#flights.size };
  }

  /** The object, if it is here and fresh at `now` (milliseconds since 1970). */
  peek(path: string, now: number): Held | null {
    const entry = this.#entries.get(path);
    if (entry === undefined) return null;
    if (!entry.held.isFresh(now)) {
      this.#forget(path, entry);
      return null;
    }
    entry.usedAt = now;
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    return entry.held;
  }

  /**
   * Fetches the object, or joins the fetch under way. Rejects with {@link Unavailable} within `timeoutMs` and a little.
   *
   * @param waitUntil keeps the runtime working on a promise though the request that began it has gone: the
   *   leader's client may leave while others follow. Should the leader's work be lost all the same, each follower has
   *   a timer of its own, and the first to run out takes the lead.
   * @param isPast whether it is media that has left its playlist
   */
  async fetch(
    path: string,
    timeoutMs: number,
    load: Load,
    waitUntil: WaitUntil,
    isPast = false,
  ): Promise<Held> {
    const lead = () => this.#lead(path, timeoutMs, load, waitUntil, isPast);
    const flight = this.#underWay(path, Date.now());
    if (flight === null) return lead().held;
    const followed = await follow(flight, flight.endsAt - Date.now());
    if (followed !== null) return followed;
    this.#land(path, flight);
    // Followers tire together: whoever comes second finds what the first has fetched.
    const here = this.peek(path, Date.now());
    if (here !== null) return here;
    const last = await follow(this.#flights.get(path) ?? lead(), timeoutMs + GRACE_MS);
    if (last === null) throw new Unavailable("upstream does not answer");
    return last;
  }

  /** The fetch under way, unless it is lost: the runtime may drop a leader's work, and nobody is told. */
  #underWay(path: string, now: number): Flight | null {
    const flight = this.#flights.get(path);
    if (flight === undefined) return null;
    if (now < flight.endsAt) return flight;
    this.#land(path, flight);
    return null;
  }

  #lead(path: string, timeoutMs: number, load: Load, waitUntil: WaitUntil, isPast: boolean): Flight {
    const now = Date.now();
    if (this.#isFull(isPast)) for (const known of this.#flights.keys()) this.#underWay(known, now);
    if (this.#isFull(isPast)) {
      throw new Unavailable("too many different objects are being fetched");
    }
    const followers = new Set<Follower>();
    const held = this.#load(path, timeoutMs, load).finally(() => this.#land(path, flight));
    const flight: Flight = { held, followers, endsAt: now + timeoutMs + GRACE_MS, isPast };
    this.#flights.set(path, flight);
    if (isPast) this.#pastFlights++;
    const told = held.then(
      (value) => {
        for (const { resolve } of followers) resolve(value);
      },
      (error: unknown) => {
        for (const { reject } of followers) reject(error);
      },
    );
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

  async #load(path: string, timeoutMs: number, load: Load): Promise<Held> {
    try {
      const held = await Held.of(await load(path, timeoutMs), Date.now());
      this.#remember(path, held, Date.now());
      return held;
    } catch (error) {
      throw new Unavailable(String(error));
    }
  }

  #remember(path: string, held: Held, now: number): void {
    if (held.maxAgeMs <= 0 || held.cost + OVERHEAD_BYTES > this.#bounds.bytes) return;
    const before = this.#entries.get(path);
    if (before !== undefined) this.#forget(path, before);
    this.#entries.set(path, { held, usedAt: now });
    this.#bytes += held.cost + OVERHEAD_BYTES;
    for (const [oldest, entry] of this.#entries) {
      const isBounded = this.#bytes <= this.#bounds.bytes && this.#entries.size <= this.#bounds.entries;
      if (isBounded && now - entry.usedAt < IDLE_MS) break;
      this.#forget(oldest, entry);
    }
  }

  #forget(path: string, { held }: Entry): void {
    if (this.#entries.delete(path)) this.#bytes -= held.cost + OVERHEAD_BYTES;
  }
}

/**
 * What the flight brings, or null when that is nothing after `millis`. The timer is a request's own, to be cleared by it
 * alone; and a request that waits for nothing of its own is ended by the runtime.
 */
async function follow({ followers }: Flight, millis: number): Promise<Held | null> {
  const { promise, resolve, reject } = Promise.withResolvers<Held | null>();
  const follower: Follower = { resolve, reject };
  followers.add(follower);
  const timer = setTimeout(() => {
    followers.delete(follower);
    resolve(null);
  }, millis);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
