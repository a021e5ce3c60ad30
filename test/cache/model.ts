import { Tier, type Upstream } from "./tier.ts";

/**
 * A local model of Workers Cache, which no local runtime has: data centres' lower tiers, one upper tier, one entrypoint.
 * From developers.cloudflare.com/workers/cache (overview, cache keys, configuration, limitations; as of autumn 2026): what is
 * in the key; RFC 9111 with default lifetimes for answers that state none; `Set-Cookie`, `private`, `no-store` and `Vary: *`
 * bypass; a stale answer stands in for errors for ever unless the answer forbids it; no client gets a stale answer while it is
 * fetched anew, unless `stale-while-revalidate` allows it; requests for one key wait for the first and share its body as it
 * comes, and each runs the Worker where that answer may not be kept; both tiers keep what passes; a Range is cut from the whole
 * 200.
 * The documentation leaves some things open. The model decides them like this:
 * - How long a request waits for another one before it goes upstream by itself: without limit. A real lock may have a limit.
 * Then a blocking reload may reach the origin more than once, but never gets a wrong answer.
 * - Whether waiting requests are released when the first one's client leaves: here the first one's fetch goes on by itself.
 * - How many upper tiers there are: one. With more, each of them runs the Worker once.
 * - How `Age` is rounded between tiers: down, which keeps answers longest.
 * - When entries are evicted early: never. A real cache may ask for anything again at any time.
 * - Whether the client's Cache-Control has an effect: none.
 * - Whether a nested call distinguishes a thrown error from a 5xx: it is thrown through both tiers.
 * Left out, as the project uses none of it: purging, stripping of `cloudflare-cdn-cache-control`, `cf.cacheKey` and
 * `cf.cacheControl` of callers, Cache Deception Armor, size limits, and the `private="set-cookie"` form.
 */
export class CacheModel {
  readonly upper: Tier;
  /** One lower tier for each data centre. */
  readonly lower: readonly Tier[];

  /** @param entrypoint the entrypoint behind the cache; part of every key */
  constructor(origin: Upstream, dataCentres: number, entrypoint = "Origin") {
    this.upper = new Tier(entrypoint, origin);
    this.lower = Array.from(
      { length: dataCentres },
      () => new Tier(entrypoint, (request) => this.upper.fetch(request)),
    );
  }
}
