import { Tier, type Upstream } from "./tier.ts";

/**
 * A local model of Workers Cache, which no local runtime has: data centres' lower tiers, one upper tier, one entrypoint.
 *
 * From developers.cloudflare.com/workers/cache (overview, cache keys, configuration, limitations; as of autumn 2026):
 * what is in the key; RFC 9111 with the default lifetimes for answers that state none; `Set-Cookie`, `private`,
 * `no-store` and `Vary: *` bypass; a stale thing stands in for errors for ever unless the answer forbids it; nobody is
 * given a stale thing while it is fetched anew unless `stale-while-revalidate` allows it; requests for one key wait for
 * the first, are joined to its body as it comes, and each run the Worker when its answer may not be kept; both tiers keep
 * what passes; a Range is cut from the whole 200.
 *
 * What it can not know, because no documentation says it, and what it does instead:
 * - how long a request waits for another before it goes by itself: without end. A real lock may have a limit; then a
 *   blocking reload may reach the origin more than once, never a wrong answer;
 * - whether those who wait are let go when the first one's client leaves: here the first one's fetch goes on by itself;
 * - how many upper tiers there are: one. With more, each runs the Worker once;
 * - how `Age` is rounded between tiers: down, which keeps things longest;
 * - when things are evicted early: never; a real cache may ask for anything again at any time;
 * - whether the client's Cache-Control has a say: none;
 * - whether a thrown error is told apart from a 5xx in a nested call: it is thrown through both tiers.
 *
 * Left out: purging, stripping of `cloudflare-cdn-cache-control`, `cf.cacheKey` and `cf.cacheControl` of callers, Cache Deception Armor, size limits, and the
 * `private="set-cookie"` form, none of which the project uses.
 */
export class CacheModel {
  readonly upper: Tier;
  /** One for each data centre. */
  readonly lower: readonly Tier[];

  /** @param entrypoint what the cache stands in front of; part of every key */
  constructor(origin: Upstream, dataCentres: number, entrypoint = "Origin") {
    this.upper = new Tier(entrypoint, origin);
    this.lower = Array.from(
      { length: dataCentres },
      () => new Tier(entrypoint, (request) => this.upper.fetch(request)),
    );
  }
}
