import type { Running, Standing } from "./life.ts";
import type { RunningRow } from "./lifecycle.ts";
import type { OriginReads } from "./origin-reads.ts";
import type { Outbox } from "./outbox.ts";
import { type Resumption, replace, resume, setAside } from "./resumption.ts";
import type { Store } from "./store.ts";

/**
 * Which timeline is the show's: the one that is stored, or the one that had to begin in its place. What is counted and what
 * goes to R2 is that one's from then on.
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

  /** The timeline that stands, or the one that had to begin in its place. */
  takeUp({ row }: Standing): Resumption {
    return this.#turnTo(row, resume(row, this.#store, Date.now()));
  }

  /** A timeline in the place of the one that `row` has; `why` is the end of a sentence. */
  replace(row: RunningRow, wall: number, why: string): Resumption {
    return this.#turnTo(row, replace(row, this.#store, wall, why));
  }

  /**
   * Stops the clock and closes the last segment, of a timeline that stands where its last part ended. What fails at it keeps
   * no show from its end.
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

  /** As {@link finish}, of a timeline that another may follow: what R2 does not hold of it yet waits under its own epoch. */
  setAside(life: Running): RunningRow {
    const row = this.finish(life);
    setAside(row, this.#store);
    this.#outbox.rest();
    return row;
  }

  /** `before` is the row of the timeline that there was. */
  #turnTo(before: RunningRow, resumption: Resumption): Resumption {
    const { row, timeline } = resumption;
    if (row !== before) this.#originReads.clear();
    this.#outbox.turnTo(row.timeline.epoch, timeline.init);
    return resumption;
  }
}
