import type { Running, Standing } from "./life.ts";
import type { OriginReads } from "./origin-reads.ts";
import type { Outbox } from "./outbox.ts";
import { type Resumption, replace, resume, setAside } from "./resumption.ts";
import type { RunningRow } from "./show-row.ts";
import type { Store } from "./store.ts";

/**
 * Decides which timeline is the show's: the stored one, or a new one that had to replace it. From then on, Origin's reads are
 * counted for that timeline, and its media goes to R2.
 */
export class Succession {
  readonly #store: Store;
  readonly #originReads: OriginReads;
  readonly #outbox: Outbox;

  constructor(store: Store, originReads: OriginReads, outbox: Outbox) {
    this.#store = store;
    this.#originReads = originReads;
    this.#outbox = outbox;
  }

  /** Resumes a standing timeline, or replaces it if it cannot be resumed. */
  takeUp({ row }: Standing): Resumption {
    return this.#turnTo(row, resume(row, this.#store, Date.now()));
  }

  /** Replaces the timeline of `row` by a new one; `why` is the end of a sentence. */
  replace(row: RunningRow, wall: number, why: string): Resumption {
    return this.#turnTo(row, replace(row, this.#store, wall, why));
  }

  /**
   * Stops the clock and closes the last segment. A standing timeline ends where its last stored part ended. A failure here must
   * not keep the show from ending.
   */
  finish(life: Standing | Running): RunningRow {
    let { row } = life;
    try {
      const taken = life.kind === "standing" ? this.takeUp(life) : life;
      row = taken.row;
      if (life.kind === "running") life.clock.stop();
      taken.timeline.finish();
    } catch (error) {
      console.error(`The last segment of ${row.id} could not be closed: ${String(error)}`);
    }
    return row;
  }

  /** As {@link finish}, for a timeline that another may follow: media that R2 does not hold yet waits under its own epoch. */
  setAside(life: Running): RunningRow {
    const row = this.finish(life);
    setAside(row.id, row.timeline.epoch, this.#store);
    this.#outbox.rest();
    return row;
  }

  /** Turns the counts and the outbox to this timeline. `before`: the row before it was resumed or replaced. */
  #turnTo(before: RunningRow, resumption: Resumption): Resumption {
    const { row, timeline } = resumption;
    if (row !== before) this.#originReads.clear();
    this.#outbox.turnTo(row.timeline.epoch, timeline.init);
    return resumption;
  }
}
