import { Calibration } from "./calibration.ts";

/** The counters that a sender puts on a packet (both u32, both wrap), and the packet's length in sample frames. */
export interface Marks {
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly frames: number;
}

/** How many packets are remembered to detect duplicates: 5 s of 20 ms packets. */
const MEMORY = 256;

/**
 * One sender's media time: where each packet starts, in samples, whatever the unit of the timestamps.
 *
 * Sequence numbers tell the order, and duplicates. Timestamps tell how long a gap is: a sender that is silent may skip packets
 * without skipping numbers. That requires their unit, which {@link Calibration} finds. While it is unknown (timestamps may never
 * make sense), a missing sequence number counts as one packet of the present packet's length.
 */
export class SenderClock {
  readonly #calibration = new Calibration();
  readonly #seen: (Marks | undefined)[] = new Array(MEMORY);
  /** The packet with the highest sequence number, and its start in media time. */
  #newest: Marks | null = null;
  #start = 0;

  /** Returns the packet's start in the sender's media time; null if the same packet was accepted before. */
  locate(marks: Marks): number | null {
    const newest = this.#newest;
    if (newest === null) return 0;
    const seen = this.#seen[marks.sequenceNumber % MEMORY];
    if (seen?.sequenceNumber === marks.sequenceNumber && seen.timestamp === marks.timestamp) return null;

    const ahead = difference(marks.sequenceNumber, newest.sequenceNumber);
    const byNumber =
      ahead < 0
        ? this.#start + ahead * marks.frames
        : this.#start + newest.frames + Math.max(0, ahead - 1) * marks.frames;
    const unit = this.#calibration.unitsPerSample;
    if (unit === null) return byNumber;
    const byTime = this.#start + difference(marks.timestamp, newest.timestamp) / unit;
    // Timestamps are rounded to their unit. If both results agree within that, the one by number is exact and leaves no seam.
    return Math.abs(byTime - byNumber) <= 1 + 1 / unit ? byNumber : Math.round(byTime);
  }

  /** Whether no accepted packet has a higher sequence number. */
  isAhead(marks: Marks): boolean {
    return this.#newest === null || difference(marks.sequenceNumber, this.#newest.sequenceNumber) >= 0;
  }

  /** Accepts a packet at the start that {@link locate} returned. */
  accept(marks: Marks, start: number): void {
    this.#seen[marks.sequenceNumber % MEMORY] = marks;
    if (!this.isAhead(marks)) return;
    const newest = this.#newest;
    if (newest !== null && difference(marks.sequenceNumber, newest.sequenceNumber) <= 1) {
      this.#calibration.push(difference(marks.timestamp, newest.timestamp), newest.frames);
    }
    this.#newest = marks;
    this.#start = start;
  }

  /** Starts over with this packet at `start`, because the sender has begun again: forgets all earlier marks. */
  restart(marks: Marks, start: number): void {
    this.#seen.fill(undefined);
    this.#newest = null;
    this.accept(marks, start);
  }
}

/** Returns a - b of two u32 counters, in [-2^31, 2^31), correct across the wrap (RFC 1982). */
export function difference(a: number, b: number): number {
  return (a - b) | 0;
}
