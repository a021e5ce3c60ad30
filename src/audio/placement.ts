import { CHANNELS, fromMillis } from "../media.ts";
import type { AlignerStats } from "./aligner-stats.ts";
import type { PlayoutDelay } from "./playout-delay.ts";
import { difference, type Marks, SenderClock } from "./sender-clock.ts";
import { SequenceGaps } from "./sequence-gaps.ts";

/** A packet as it came. Positions on the timeline and durations are in samples. */
export interface Arrival {
  readonly marks: Marks;
  /** Interleaved stereo, `marks.frames` sample frames. */
  readonly pcm: Float32Array;
  /** When it came, as a position on the timeline. */
  readonly at: number;
  /** For how long it may have waited for us, rather than been under way: our own lateness. */
  readonly excused: number;
}

/** PCM that is to be played from `start` on, in its sender's media time. */
export interface Placed {
  readonly start: number;
  readonly pcm: Float32Array;
}

/** The first position in media time that can still be played, where the playout delay is `delay` samples. */
export type Earliest = (delay: number) => number;

/** Further than this from where its arrival puts it, a packet does not belong to the time line known so far. */
const JUMP = fromMillis(1_500);
/** When every packet has been refused for so long, the sender's time line has moved. */
const STALE = fromMillis(500);

/**
 * Where the packets of one sender belong in its media time, by their marks and by when they come; which of them are
 * duplicates or too late; and when the sender has begun a new time line, which is then tied to the old one.
 *
 * Counts `duplicate`, `late`, `reordered` and `resyncs` in the stats it is given, and shows each arrival to the playout delay.
 */
export class Placement {
  readonly #delay: PlayoutDelay;
  readonly #stats: AlignerStats;
  readonly #sender = new SenderClock();
  readonly #gaps = new SequenceGaps();
  /** When the first packet was refused since one was taken; null if the last one was taken. */
  #refusedSince: number | null = null;
  /** The last packet, if it was off by more than {@link JUMP}. */
  #stray: Arrival | null = null;

  constructor(delay: PlayoutDelay, stats: AlignerStats) {
    this.#delay = delay;
    this.#stats = stats;
  }

  /** Packets that are missing, by their numbers. */
  get missing(): number {
    return this.#gaps.missing;
  }

  /** Takes a packet; gives what is to be played of it: nothing, or with a packet that was held back before it, both. */
  place(packet: Arrival, earliest: Earliest): Placed[] {
    const { marks, pcm } = packet;
    const start = this.#sender.locate(marks);
    if (start === null) {
      this.#stats.duplicate++;
      return this.#refuse(packet, earliest);
    }
    const end = start + marks.frames;
    // It can have waited for us only for as long as it is later than a packet that nothing delayed.
    const arrival = packet.at - Math.min(packet.excused, Math.max(0, this.#delay.lateness(end, packet.at)));
    if (Math.abs(this.#delay.lateness(end, arrival)) > JUMP) return this.#suspect(packet, earliest);
    this.#stray = null;
    this.#gaps.push(marks.sequenceNumber);
    this.#delay.observe(end, marks.frames, arrival);
    if (end <= earliest(this.#delay.target)) {
      this.#stats.late++;
      return this.#refuse(packet, earliest);
    }
    if (!this.#sender.isAhead(marks)) this.#stats.reordered++;
    this.#refusedSince = null;
    this.#sender.accept(marks, start);
    return this.#playable(start, pcm, earliest);
  }

  /**
   * A packet that is far off its place is held back. One alone proves nothing, two in sequence are a new time line (compare
   * RFC 3550 appendix A.1).
   */
  #suspect(packet: Arrival, earliest: Earliest): Placed[] {
    const before = this.#stray;
    this.#stray = packet;
    if (before === null) return [];
    const step = difference(packet.marks.sequenceNumber, before.marks.sequenceNumber);
    if (step !== 0 && step !== 1) return [];
    return [...this.#resync(before, earliest), ...this.place(packet, earliest)];
  }

  /**
   * Leaves out a duplicate or late packet. A sender that begins again close to where it was sends nothing else, by its marks:
   * after {@link STALE} of it, the packet begins a new time line.
   */
  #refuse(packet: Arrival, earliest: Earliest): Placed[] {
    this.#refusedSince ??= packet.at;
    return packet.at - this.#refusedSince > STALE ? this.#resync(packet, earliest) : [];
  }

  /** Ties the sender's new time line to the old one at this packet, as if nothing had delayed it. */
  #resync({ marks, pcm, at }: Arrival, earliest: Earliest): Placed[] {
    this.#stats.resyncs++;
    this.#refusedSince = null;
    this.#stray = null;
    const start = Math.round(at - this.#delay.base) - marks.frames;
    this.#delay.restart();
    this.#gaps.push(marks.sequenceNumber);
    this.#sender.restart(marks, start);
    return this.#playable(start, pcm, earliest);
  }

  /** What can still be played of a packet: its beginning may be too late. */
  #playable(start: number, pcm: Float32Array, earliest: Earliest): Placed[] {
    const gone = earliest(this.#delay.target) - start;
    if (gone <= 0) return [{ start, pcm }];
    return CHANNELS * gone >= pcm.length ? [] : [{ start: start + gone, pcm: pcm.subarray(CHANNELS * gone) }];
  }
}
