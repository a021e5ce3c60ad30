import { Bounded } from "../bounded.ts";
import { withLimit } from "../limit.ts";
import type { Attended } from "../status.ts";

/** How long an answer of the Audience is reused, ms: the cache lifetime of audience.json. */
const CACHE_MS = 5_000;
/** Timeout for a call to the Audience, ms; after that status.json is sent without a count. */
const TIMEOUT_MS = 500;
/** The most shows whose figure is cached. */
const MAX_SHOWS = 1_000;

/** The answer where there is no count. */
export const UNCOUNTED: Attended = { listeners: null, error95: null, confidence: null };

/**
 * Caches each show's listener count in this isolate. The Audience is asked at most once in five seconds per show, however often
 * the show's status is read, and whether the Audience answers or not.
 */
export class Attendance {
  readonly #told = new Bounded<string, { readonly at: number; attended: Attended }>(MAX_SHOWS);

  /**
   * Returns the listener count of show `id`.
   *
   * @param now milliseconds since 1970
   * @param ask asks the Audience for its figure of show `id`
   * @returns {@link UNCOUNTED} where the Audience does not answer
   */
  async of(id: string, now: number, ask: () => Promise<Counted>): Promise<Attended> {
    const last = this.#told.get(id);
    if (last !== undefined && now - last.at < CACHE_MS) return last.attended;
    // While this call is under way, other callers get the previous figure.
    const told = { at: now, attended: last?.attended ?? UNCOUNTED };
    this.#told.set(id, told);
    try {
      const { listeners, error95, confidence } = await withLimit(ask(), TIMEOUT_MS);
      told.attended = { listeners, error95, confidence };
    } catch (error) {
      told.attended = UNCOUNTED;
      console.warn(`The audience of ${id} does not say how many listen: ${String(error)}`);
    }
    return told.attended;
  }
}

/** The fields of a figure (audience/figure.ts) that are used here. */
type Counted = { readonly [Field in keyof Attended]: NonNullable<Attended[Field]> };
