import type { ShowRow } from "./show-row.ts";
import type { MediaObject, Store } from "./store.ts";

/**
 * The media that R2 is owed: first that of the timeline whose parts are in the store, then that of the timelines before it.
 * Those are in the store under their own epochs until R2 has taken them.
 */
export class Outbox {
  readonly #store: Store;
  /** The timeline whose parts are in the store, and its init segment until R2 has that. */
  #timeline: { readonly epoch: string; init: Uint8Array | null } | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Notes that the store's parts belong to this timeline. Its init segment is put first, and once more after a restart. */
  turnTo(epoch: string, init: Uint8Array): void {
    this.#timeline = { epoch, init };
  }

  /** Notes that the store has no timeline's parts. */
  rest(): void {
    this.#timeline = null;
  }

  /** Returns the object to put next, oldest first; null if R2 has everything. */
  next(): MediaObject | null {
    if (this.#timeline !== null) {
      const { epoch, init } = this.#timeline;
      if (init !== null) return { epoch, msn: null, bytes: init };
      const msn = this.#store.unkept();
      if (msn !== null) return { epoch, msn, bytes: this.#store.segment(msn) };
    }
    return this.#store.former();
  }

  /** Returns the first segment of a timeline that R2 does not hold (it holds all before it); null if it holds them all. */
  waiting(epoch: string): number | null {
    return epoch === this.#timeline?.epoch ? this.#store.unkept() : this.#store.formerFrom(epoch);
  }

  /** Notes that R2 has an object. A new timeline may have begun since it was taken from here. */
  markKept({ epoch, msn }: MediaObject): void {
    if (epoch !== this.#timeline?.epoch) this.#store.dropFormer(epoch, msn);
    else if (msn === null) this.#timeline.init = null;
    else this.#store.markKept(msn);
  }
}

/** Returns the outbox of a show, with its row as stored. */
export function outboxOf({ timeline }: ShowRow, store: Store): Outbox {
  const outbox = new Outbox(store);
  const init = store.init();
  if (timeline !== null && init !== null) outbox.turnTo(timeline.epoch, init);
  return outbox;
}
