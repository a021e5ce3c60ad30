import { Bounded } from "../bounded.ts";
import { addCounts, type Counts } from "../broadcast/counts.ts";

/** The most shows whose reads are counted; beyond that, the count of the show that was read longest ago is lost. */
const MAX_SHOWS = 1_000;

/**
 * Counts the reads that this isolate of the origin has answered, by show and kind, until they are reported to the Broadcast.
 * They are reported only with the next read that goes to the Broadcast anyway. So a read that R2 or the Audience answers costs
 * an addition here, but no call and no timer.
 *
 * The Broadcast's figure therefore lacks the newest reads, which no such read has followed yet. They are few while anybody
 * listens, because every player reloads its playlist and no playlist is in R2. Reads that are unreported when the isolate ends
 * are lost. Reads that the Broadcast counted before it failed to answer are counted twice.
 */
export class Tally {
  readonly #counts = new Bounded<string, Counts>(MAX_SHOWS);

  /** Adds reads of show `id`: new ones, or those from {@link take} that could not be reported. */
  add(id: string, reads: Counts): void {
    this.#counts.set(id, addCounts(this.#counts.get(id) ?? {}, reads));
  }

  /** Returns the unreported reads of show `id`, and forgets them. */
  take(id: string): Counts {
    const counts = this.#counts.get(id) ?? {};
    this.#counts.delete(id);
    return counts;
  }
}
