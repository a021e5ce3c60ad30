import { CHANNELS, fromMillis } from "../media.ts";
import type { AlignerStats } from "./aligner-stats.ts";
import type { PlayoutDelay } from "./playout-delay.ts";
import { difference, type Marks, SenderClock } from "./sender-clock.ts";
import { SequenceGaps } from "./sequence-gaps.ts";

/** A packet and when it came. Positions on the timeline and durations are in samples. */
export interface Arrival {
  readonly marks: Marks;
  /** Interleaved stereo, `marks.frames` sample frames. */
  readonly pcm: Float32Array;
  /** When it came, as a position on the timeline. */
  readonly at: number;
  /** How long it may have waited for this object, which was late, rather than been under way. */
  readonly excused: number;
}

/** PCM that is to be played from `start` on, in its sender's media time. */
export interface Placed {
  readonly start: number;
  readonly pcm: Float32Array;
}

/** Returns the first position in media time that can still be played, given a playout delay of `delay` samples. */
export type Earliest = (delay: number) => number;

/** A packet that lies further than this from where its arrival puts it does not belong to the known time line. */
const JUMP = fromMillis(1_500);
/** After every packet has been refused for this long, the sender's time line must have moved. */
const STALE = fromMillis(500);

/**
 * Decides where the packets of one sender belong in its media time, by their marks and arrival times, and which of them are
 * duplicates or too late. It also detects that the sender has begun a new time line, and ties that to the old one.
 *
 * Counts `duplicate`, `late`, `reordered` and `resyncs` in the given stats, and reports arrivals to the playout delay.
 */
export class Placement {
  readonly #delay: PlayoutDelay;
  readonly #stats: AlignerStats;
  readonly #sender = new SenderClock();
  readonly #gaps = new SequenceGaps();
  /** When the first packet was refused since the last accepted one; null if the last packet was accepted. */
  #refusedSince: number | null = null;
  /** The last packet, if it was off its place by more than {@link JUMP}. */
  #stray: Arrival | null = null;

  constructor(delay: PlayoutDelay, stats: AlignerStats) {
    this.#delay = delay;
    this.#stats = stats;
  }

  /** How many packets are missing, by their sequence numbers. */
  get missing(): number {
    return this.#gaps.missing;
  }

  /** Takes a packet. Returns what is to be played: nothing, its sound, or also that of a packet that was held back before it. */
  place(packet: Arrival, earliest: Earliest): Placed[] {
    const { marks, pcm } = packet;
    const start = this.#sender.locate(marks);
    if (start === null) {
      this.#stats.duplicate++;
      return this.#refuse(packet, earliest);
    }
    const end = start + marks.frames;
    // The packet cannot have waited for this object longer than it is later than a packet that nothing delayed.
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
   * Holds back a packet that is far off its place. One alone proves nothing; two in sequence are a new time line (compare
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
   * Drops a duplicate or late packet. When a sender begins again close to where it was, all its packets look like that by their
   * marks. So after {@link STALE} of nothing else, the packet begins a new time line.
   */
  #refuse(packet: Arrival, earliest: Earliest): Placed[] {
    this.#refusedSince ??= packet.at;
    return packet.at - this.#refusedSince > STALE ? this.#resync(packet, earliest) : [];
  }

  /** Ties the sender's new time line to the old one at this packet, as if nothing had delayed the packet. */
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

  /** The part of a packet that can still be played: its beginning may be too late. */
  #playable(start: number, pcm: Float32Array, earliest: Earliest): Placed[] {
    const gone = earliest(this.#delay.target) - start;
    if (gone <= 0) return [{ start, pcm }];
    return CHANNELS * gone >= pcm.length ? [] : [{ start: start + gone, pcm: pcm.subarray(CHANNELS * gone) }];
  }
}
