import type { Verdict } from "../audio/condition.ts";
import { SAMPLE_RATE } from "../media.ts";

/** Counts of a host's packets so far. */
export interface PacketCounts {
  readonly received: number;
  /** Packets missing, by sequence number. */
  readonly missing: number;
  /** Drift of the host's clock against ours, parts per million (AlignerStats.ppm). */
  readonly ppm: number;
}

/** Time without a packet after which a host is gone: half a second, in samples. Comfort noise is a packet every 400 ms. */
const GONE_AFTER = SAMPLE_RATE / 2;
/** Packet loss is measured over this many seconds, from counts taken once a second. */
const LOSS_SECONDS = 10;
/** Share of packets lost: bad above the first threshold, good below the second. */
const [LOSSY, WHOLE] = [0.05, 0.03];
/** Clock drift, parts per million either way: bad above the first threshold, good below the second. */
const [DRIFT, STEADY] = [300, 200];

/** Judges a host's packets: whether they arrive, how many are lost, and how the host's clock drifts. */
export class PacketWatch {
  #received = 0;
  /** Samples since the last packet. */
  #since = 0;
  /** The counts at the end of each of the last seconds, oldest first. */
  readonly #marks: Pick<PacketCounts, "received" | "missing">[] = [];
  #untilMark = 0;

  /** Whether packets are arriving. */
  get areComing(): boolean {
    return this.#since < GONE_AFTER;
  }

  /** Takes the counts after the next `frames` samples of the line have been made; returns a verdict for each condition. */
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
      if (this.#marks.length > LOSS_SECONDS + 1) this.#marks.shift();
    }
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    if (first === undefined || last === undefined || this.#marks.length <= LOSS_SECONDS) return "between";
    const lost = Math.max(0, last.missing - first.missing);
    const share = lost / Math.max(1, lost + last.received - first.received);
    return share > LOSSY ? "bad" : share < WHOLE ? "good" : "between";
  }
}

function drift(ppm: number): Verdict {
  return ppm > DRIFT ? "bad" : ppm < STEADY ? "good" : "between";
}
