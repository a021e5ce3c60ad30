import type { MediaObject, Store } from "./store.ts";

/**
 * What R2 is to have and does not have yet: of the timeline whose parts the store has, and after that of those before it,
 * which lie in the store under their own epochs until R2 has taken them.
 */
export class Outbox {
  readonly #store: Store;
  /** The timeline whose parts the store has, and its init segment until R2 has it. */
  #timeline: { readonly epoch: string; init: Uint8Array | null } | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The store's parts are of this timeline from now on. Its init segment is put first, after a restart once more. */
  turnTo(epoch: string, init: Uint8Array): void {
    this.#timeline = { epoch, init };
  }

  /** The store has no timeline's parts. */
  rest(): void {
    this.#timeline = null;
  }

  /** What is to be put next, oldest first; null where R2 has everything. */
  next(): MediaObject | null {
    if (this.#timeline !== null) {
      const { epoch, init } = this.#timeline;
      if (init !== null) return { epoch, msn: null, bytes: init };
      const msn = this.#store.unkept();
      if (msn !== null) return { epoch, msn, bytes: this.#store.segment(msn) };
    }
    return this.#store.former();
  }

  /** The first segment of a timeline that R2 does not hold, all before it being there; null where it holds them all. */
  waiting(epoch: string): number | null {
    return epoch === this.#timeline?.epoch ? this.#store.unkept() : this.#store.formerFrom(epoch);
  }

  /** R2 has an object; its timeline may have become a former one meanwhile. */
  kept({ epoch, msn }: MediaObject): void {
    if (epoch !== this.#timeline?.epoch) this.#store.dropFormer(epoch, msn);
    else if (msn === null) this.#timeline.init = null;
    else this.#store.markKept(msn);
  }
}
