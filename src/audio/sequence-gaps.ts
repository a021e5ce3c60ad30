import { difference } from "./sender-clock.ts";

/** A gap longer than this, packets, is no loss: the sender counts anew. */
const JUMP = 3_000;

/** How many packets of one sender are missing, by their sequence numbers (RFC 3550 appendix A.3); those that come late are not. */
export class SequenceGaps {
  #highest: number | null = null;
  #missing = 0;

  /** Takes the number of a packet that is no duplicate. */
  push(sequenceNumber: number): void {
    const step = this.#highest === null ? 1 : difference(sequenceNumber, this.#highest);
    if (step < 0 && step > -JUMP) {
      this.#missing = Math.max(0, this.#missing - 1);
      return;
    }
    if (step > 0 && step < JUMP) this.#missing += step - 1;
    this.#highest = sequenceNumber;
  }

  get missing(): number {
    return this.#missing;
  }
}
