import { Bounded } from "../bounded.ts";
import { withLimit } from "../limit.ts";
import type { Attended } from "../status.ts";

/** For how long an answer of the Audience is used, milliseconds: as long as audience.json may be cached. */
const KEPT_MS = 5_000;
/** How long an answer is waited for, milliseconds; after that status.json goes out without the count. */
const LIMIT_MS = 500;
/** Shows whose figure is kept. */
const MAX_SHOWS = 1_000;

/** Nobody says how many listen. */
export const UNCOUNTED: Attended = { listeners: null, error95: null, confidence: null };

/**
 * How many listen to each show, as this isolate was last told. The Audience is asked once in five seconds, however often
 * the state of a show is read, and whether it answers or not.
 */
export class Attendance {
  readonly #told = new Bounded<string, { readonly at: number; attended: Attended }>(MAX_SHOWS);

  /** @param now milliseconds since 1970
   * @param ask asks the Audience for its figure of show `id`
   * @returns {@link UNCOUNTED} where it does not say */
  async of(id: string, now: number, ask: () => Promise<Counted>): Promise<Attended> {
    const last = this.#told.get(id);
    if (last !== undefined && now - last.at < KEPT_MS) return last.attended;
    // Until it answers, others get the figure from before.
    const told = { at: now, attended: last?.attended ?? UNCOUNTED };
    this.#told.set(id, told);
    try {
      const { listeners, error95, confidence } = await withLimit(ask(), LIMIT_MS);
      told.attended = { listeners, error95, confidence };
    } catch (error) {
      told.attended = UNCOUNTED;
      console.warn(`The audience of ${id} does not say how many listen: ${String(error)}`);
    }
    return told.attended;
  }
}

/** What is used of a figure (audience/figure.ts). */
type Counted = { readonly [Field in keyof Attended]: NonNullable<Attended[Field]> };
