import { Bounded } from "../bounded.ts";
import { withTimeout } from "../limit.ts";
import type { ListenerCount } from "../status.ts";

/** How long an answer of the Audience is reused, ms: the cache lifetime of audience.json. */
const CACHE_MS = 5_000;
/** Timeout for a call to the Audience, ms; after that status.json is sent without a count. */
const TIMEOUT_MS = 500;
/** The most shows whose figure is cached. */
const MAX_SHOWS = 1_000;

/** The answer where there is no count. */
export const UNCOUNTED: ListenerCount = { listeners: null, error95: null, confidence: null };

/**
 * Caches each show's listener count in this isolate. The Audience is asked at most once in five seconds per show, however often
 * the show's status is read, and whether the Audience answers or not.
 */
export class ListenerCounts {
  readonly #told = new Bounded<string, { readonly at: number; count: ListenerCount }>(MAX_SHOWS);

  /**
   * Returns the listener count of show `id`.
   *
   * @param now milliseconds since 1970
   * @param ask asks the Audience for its figure of show `id`
   * @returns {@link UNCOUNTED} where the Audience does not answer
   */
  async of(id: string, now: number, ask: () => Promise<Counted>): Promise<ListenerCount> {
    const last = this.#told.get(id);
    if (last !== undefined && now - last.at < CACHE_MS) return last.count;
    // While this call is under way, other callers get the previous figure.
    const told = { at: now, count: last?.count ?? UNCOUNTED };
    this.#told.set(id, told);
    try {
      const { listeners, error95, confidence } = await withTimeout(ask(), TIMEOUT_MS);
      told.count = { listeners, error95, confidence };
    } catch (error) {
      told.count = UNCOUNTED;
      console.warn(`The audience of ${id} does not say how many listen: ${String(error)}`);
    }
    return told.count;
  }
}

/** The fields of a figure (audience/figure.ts) that are used here. */
type Counted = { readonly [Field in keyof ListenerCount]: NonNullable<ListenerCount[Field]> };
