import { Bounded } from "../bounded.ts";
import { addCounts, type Counts } from "../broadcast/counts.ts";

/** Shows of which reads are counted; beyond that the count of the show that was read longest ago is lost. */
const MAX_SHOWS = 1_000;

/**
 * The reads that this isolate of the origin has answered, by show and kind, for the Broadcast to be told of. It is told with
 * the next read that has to be asked of it anyway, and by nothing else: a read that R2 or the Audience answers costs an
 * addition here, no call and no timer.
 *
 * So the Broadcast's figure lacks the reads that no such read has followed yet. For a show that somebody listens to these are
 * few, because every player reloads its list and no list is in R2. What an isolate has not told when it ends is lost. Reads that
 * the Broadcast counted before it failed to answer are counted twice.
 */
export class Tally {
  readonly #counts = new Bounded<string, Counts>(MAX_SHOWS);

  /** Counts reads of show `id`; those too that {@link take} gave and the Broadcast could not be told of. */
  add(id: string, reads: Counts): void {
    this.#counts.set(id, addCounts(this.#counts.get(id) ?? {}, reads));
  }

  /** What the Broadcast of show `id` is to be told now; it counts as told. */
  take(id: string): Counts {
    const counts = this.#counts.get(id) ?? {};
    this.#counts.delete(id);
    return counts;
  }
}
