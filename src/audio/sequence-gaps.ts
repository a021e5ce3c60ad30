import { difference } from "./sender-clock.ts";

/** A gap of this many packets or more is not loss: the sender has begun to count anew. */
const JUMP = 3_000;

/** Counts one sender's missing packets by sequence number (RFC 3550 appendix A.3). Packets that come late are not missing. */
export class SequenceGaps {
  #highest: number | null = null;
  #missing = 0;

  /** Takes the sequence number of a packet that is not a duplicate. */
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
