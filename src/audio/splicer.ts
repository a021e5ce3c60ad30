import { fromMillis } from "../media.ts";
import type { AlignerStats } from "./aligner-stats.ts";
import type { PacketQueue } from "./packet-queue.ts";
import type { PlayoutBuffer } from "./playout-buffer.ts";

/** A host is active for this long after its last sample. */
const ACTIVE = fromMillis(1_000);
/** What is concealed counts as such for so long; after that the host is simply silent. */
const GAP = fromMillis(1_000);

/**
 * Moves packets from the queue to the end of the playout buffer, each to its place, and puts concealment there for what is
 * missing, so that the buffer is one signal without a hole.
 *
 * While the queue is empty the sender's time line stands still, and is taken up where the next packet belongs.
 */
export class Splicer {
  readonly #queue: PacketQueue;
  readonly #buffer: PlayoutBuffer;
  readonly #stats: AlignerStats;
  #media = 0;
  /** Where the sound that was moved ends in media time: nothing before it can be played any more. */
  #played = Number.NEGATIVE_INFINITY;
  #isDry = true;
  /** How long what has been missing since the last sound is, in samples. */
  #gap: number = GAP;
  /** Where on the timeline the last sound ended. */
  #heardUntil = Number.NEGATIVE_INFINITY;

  constructor(queue: PacketQueue, buffer: PlayoutBuffer, stats: AlignerStats) {
    this.#queue = queue;
    this.#buffer = buffer;
    this.#stats = stats;
  }

  /** The media time that goes to the end of the buffer next. It says nothing while {@link isDry}. */
  get media(): number {
    return this.#media;
  }

  /** Whether the queue ran empty. Where the line goes on is then decided when the next packet is there. */
  get isDry(): boolean {
    return this.#isDry;
  }

  /** The first position in media time that can still be played; `next` is the one that is to be played next if dry. */
  earliest(next: number): number {
    return Math.max(this.#played, Math.round(this.#isDry ? next : this.#media));
  }

  /** Whether real sound was on the line within a second before `at` on the timeline. */
  active(at: number): boolean {
    return at - this.#heardUntil < ACTIVE;
  }

  /** Cuts `count` samples out of what is to be moved next; the seam is faded. */
  skip(count: number): void {
    this.#buffer.cut();
    this.#media = Math.round(this.#media + count);
    this.#stats.droppedSamples += this.#queue.dropTo(this.#media);
  }

  /**
   * Moves `count` more sample frames to the buffer, whose end is at `position` on the timeline; a line that was dry is
   * taken up `delay` samples behind that.
   */
  fill(count: number, position: number, delay: number): void {
    if (count > 0 && this.#isDry && this.#queue.first !== null) {
      this.#isDry = false;
      this.#media = Math.round(position - delay);
      this.#stats.droppedSamples += this.#queue.dropTo(this.#media);
    }
    for (let done = 0; done < count; ) done += this.#move(count - done, position + done);
  }

  /** Moves up to `most` sample frames of one packet or one gap, to `position` on the timeline; gives how many. */
  #move(most: number, position: number): number {
    // What ends here has been moved.
    this.#queue.dropTo(this.#media);
    const first = this.#queue.first;
    if (first === null) this.#isDry = true;
    if (first === null || first.start > this.#media) {
      const missing = first === null ? most : Math.min(most, first.start - this.#media);
      this.#conceal(missing);
      return missing;
    }
    const count = Math.min(most, first.end - this.#media);
    this.#buffer.append(first.pcm, this.#media - first.start, count, first.peak);
    this.#media += count;
    this.#played = this.#media;
    this.#gap = 0;
    this.#heardUntil = position + count;
    return count;
  }

  #conceal(count: number): void {
    this.#buffer.conceal(count);
    this.#media += count;
    if (this.#gap < GAP) this.#stats.concealedSamples += count;
    this.#gap += count;
  }
}
