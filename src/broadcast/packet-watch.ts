import type { Verdict } from "../audio/condition.ts";
import { SAMPLE_RATE } from "../media.ts";

/** What has been counted of a host's packets so far. */
export interface PacketCounts {
  readonly received: number;
  /** Missing by their sequence numbers. */
  readonly missing: number;
  /** Its clock against ours (AlignerStats.ppm). */
  readonly ppm: number;
}

/** A host that sends nothing but comfort noise sends a packet in 400 ms. */
const QUIET = SAMPLE_RATE / 2;
/** Loss is that of ten seconds, looked at once in a second. */
const SECONDS = 10;
/** Above the first it is too much, below the second it is not. */
const [LOSSY, WHOLE] = [0.05, 0.03];
/** Parts per million, either way: beyond the first a clock drifts, within the second it does not. */
const [DRIFT, STEADY] = [300, 200];

/** Looks at a host's packets. */
export class PacketWatch {
  #received = 0;
  /** Samples since the last one. */
  #since = 0;
  /** The counts at the ends of the last seconds, the oldest first. */
  readonly #marks: Pick<PacketCounts, "received" | "missing">[] = [];
  #untilMark = 0;

  /** Whether packets come. */
  get areComing(): boolean {
    return this.#since < QUIET;
  }

  /** The next `frames` samples of the line have been made, where so much had been counted. */
  push(
    counts: PacketCounts,
    frames: number,
  ): Readonly<Record<"host-gone" | "packet-loss" | "clock-drift", Verdict>> {
    this.#since = counts.received === this.#received ? this.#since + frames : 0;
    this.#received = counts.received;
    return {
      "host-gone": this.areComing ? "good" : "bad",
      "packet-loss": this.#loss(counts, frames),
      "clock-drift": drift(Math.abs(counts.ppm)),
    };
  }

  #loss({ received, missing }: PacketCounts, frames: number): Verdict {
    this.#untilMark -= frames;
    if (this.#untilMark <= 0) {
      this.#untilMark = SAMPLE_RATE;
      this.#marks.push({ received, missing });
      if (this.#marks.length > SECONDS + 1) this.#marks.shift();
    }
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (first === undefined || last === undefined || this.#marks.length <= SECONDS) return "between";
    const lost = Math.max(0, last.missing - first.missing);
    const share = lost / Math.max(1, lost + last.received - first.received);
    return share > LOSSY ? "bad" : share < WHOLE ? "good" : "between";
  }
}

function drift(ppm: number): Verdict {
  return ppm > DRIFT ? "bad" : ppm < STEADY ? "good" : "between";
}
