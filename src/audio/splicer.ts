import { fromMillis } from "../media.ts";
import type { AlignerStats } from "./aligner-stats.ts";
import type { PacketQueue } from "./packet-queue.ts";
import type { PlayoutBuffer } from "./playout-buffer.ts";

/** How long a host counts as active after its last sample. */
const ACTIVE = fromMillis(1_000);
/** For how long a gap counts as concealed; after that the host is simply silent. */
const GAP = fromMillis(1_000);

/**
 * Moves packets from the queue to the end of the playout buffer, each to its place, and fills gaps with concealment. So the
 * buffer is one signal without a hole.
 *
 * While the queue is empty the sender's time line stands still. It resumes where the next packet belongs.
 */
export class Splicer {
  readonly #queue: PacketQueue;
  readonly #buffer: PlayoutBuffer;
  readonly #stats: AlignerStats;
  #media = 0;
  /** Where the moved sound ends in media time: nothing before it can be played any more. */
  #played = Number.NEGATIVE_INFINITY;
  #isDry = true;
  /** Samples that have been missing since the last sound. */
  #gap: number = GAP;
  /** Where on the timeline the last sound ended. */
  #heardUntil = Number.NEGATIVE_INFINITY;

  constructor(queue: PacketQueue, buffer: PlayoutBuffer, stats: AlignerStats) {
    this.#queue = queue;
    this.#buffer = buffer;
    this.#stats = stats;
  }

  /** The media time of the sound that is moved to the buffer next. It means nothing while {@link isDry}. */
  get media(): number {
    return this.#media;
  }

  /** Whether the queue ran empty. The next packet then decides where the line resumes. */
  get isDry(): boolean {
    return this.#isDry;
  }

  /** The first position in media time that can still be played; `next` is the one to be played next if the line is dry. */
  earliest(next: number): number {
    return Math.max(this.#played, Math.round(this.#isDry ? next : this.#media));
  }

  /** Whether the line had real sound in the second before `at` on the timeline. */
  active(at: number): boolean {
    return at - this.#heardUntil < ACTIVE;
  }

  /** Skips the `count` samples that would be moved next; the seam is faded. */
  skip(count: number): void {
    this.#buffer.cut();
    this.#media = Math.round(this.#media + count);
    this.#stats.droppedSamples += this.#queue.dropTo(this.#media);
  }

  /**
   * Moves `count` more sample frames to the buffer, whose end is at `position` on the timeline. A line that was dry resumes
   * `delay` samples behind that.
   */
  fill(count: number, position: number, delay: number): void {
    if (count > 0 && this.#isDry && this.#queue.first !== null) {
      this.#isDry = false;
      this.#media = Math.round(position - delay);
      this.#stats.droppedSamples += this.#queue.dropTo(this.#media);
    }
    for (let done = 0; done < count; ) done += this.#move(count - done, position + done);
  }

  /** Moves up to `most` sample frames of one packet or one gap, to `position` on the timeline; returns how many. */
  #move(most: number, position: number): number {
    // Packets that end here have been moved already.
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
