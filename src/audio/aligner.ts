import { CHANNELS, fromMillis, type Samples, samples } from "../media.ts";
import { freshStats } from "./aligner-stats.ts";
import { PacketQueue } from "./packet-queue.ts";
import { frameCount, type PcmPacket } from "./pcm.ts";
import { Placement } from "./placement.ts";
import { MAX_SPEED, Playhead } from "./playhead.ts";
import { PlayoutBuffer, QUIET } from "./playout-buffer.ts";
import { PlayoutDelay } from "./playout-delay.ts";
import { LOOKAHEAD, LOOKBEHIND, resample, TAPS } from "./resampler.ts";
import { Splicer } from "./splicer.ts";

export interface AlignerOptions {
  /** Whether timing is corrected faster while the line is quiet, where nobody hears it; default true. */
  readonly fasterWhenQuiet?: boolean;
}

const MIN_FRAMES = fromMillis(2.5);
const MAX_FRAMES = fromMillis(120);
/** A line that is later than its place by more than this, samples, is cut, not merely played faster. */
const SKIP = fromMillis(60);
/** The playout speed changes at most once per this many samples. */
const CHUNK = fromMillis(20);
/** How many samples are read beyond the end of a pull, rounding included. */
const REACH = LOOKAHEAD + 2;

/**
 * Puts one host's packets onto the timeline: ordered, de-duplicated, gaps concealed, jitter buffered, and the drift of the
 * host's clock resampled away. It makes no clicks: every seam is faded or joined.
 *
 *     packet -> placement -> packet queue -> splicer -> playout buffer -> playhead, resampler -> line
 *
 * The fastest packet of the last 10 s is placed so that its last sample lies where the timeline was when it arrived; the others
 * are placed relative to it. So the line is right up to the network's own delay. The caller of {@link pull} waits for late
 * packets, by {@link has} and {@link deadline}.
 */
export class Aligner {
  readonly stats = freshStats();
  readonly #fasterWhenQuiet: boolean;
  readonly #delay = new PlayoutDelay();
  readonly #placement = new Placement(this.#delay, this.stats);
  readonly #queue = new PacketQueue();
  readonly #buffer = new PlayoutBuffer();
  readonly #splicer = new Splicer(this.#queue, this.#buffer, this.stats);
  readonly #playhead = new Playhead(this.#buffer.length);
  /** Where the last pull ended on the timeline; null before the first. */
  #pulled: number | null = null;

  constructor(options: AlignerOptions = {}) {
    this.#fasterWhenQuiet = options.fasterWhenQuiet ?? true;
  }

  /**
   * Takes a packet that arrived when the timeline was at `arrival`; its PCM must not change afterwards. `due` is when the next
   * pull was scheduled. If that is past, the packet may have waited for this object since then: that is not its host's lateness.
   */
  push(packet: PcmPacket, arrival: Samples, due: Samples = arrival): void {
    this.stats.received++;
    const { sequenceNumber, timestamp, pcm } = packet;
    const frames = frameCount(pcm);
    if (!Number.isInteger(frames) || frames < MIN_FRAMES || frames > MAX_FRAMES) {
      this.stats.malformed++;
      return;
    }
    this.stats.receivedSamples += frames;
    const marks = { sequenceNumber, timestamp, frames };
    const earliest = (delay: number) =>
      this.#splicer.earliest((this.#pulled ?? Number.NEGATIVE_INFINITY) - delay);
    const came = { marks, pcm, at: arrival, excused: Math.max(0, arrival - due) };
    for (const { start, pcm } of this.#placement.place(came, earliest)) {
      this.stats.droppedSamples += this.#queue.put(start, pcm);
    }
  }

  /**
   * Returns the line's `count` sample frames from `at` on, interleaved stereo; silence where there is no sound. Ranges follow
   * one another (RangeError if one goes back). The caller pulls a range once it is past and its packets are there, or overdue.
   */
  pull(at: Samples, count: number): Float32Array {
    if (this.#pulled !== null && at < this.#pulled)
      throw new RangeError(`Pulled ${at} after ${this.#pulled}`);
    this.#pulled = at + count;
    const out = new Float32Array(CHANNELS * count);
    this.stats.depth = this.#depth();
    this.stats.ppm = this.#delay.ppm;
    this.stats.jitter = this.#delay.jitter;
    if (!this.#delay.known) return out;
    for (let done = 0; done < count; done += CHUNK) {
      this.#play(at + done, out, done, Math.min(CHUNK, count - done));
    }
    return out;
  }

  /** Whether all packets for a pull of `count` frames from `at` on have come, the samples read ahead included. */
  has(at: Samples, count: number): boolean {
    const byPlace = at + count + REACH - this.#delay.target;
    const first = this.#queue.first;
    if (first === null) return false;
    if (this.#splicer.isDry) return this.#queue.has(first.start, byPlace);
    const { media } = this.#splicer;
    const bySpeed = media + this.#playhead.position - this.#buffer.length + MAX_SPEED * count + REACH;
    return this.#queue.has(media, Math.max(byPlace, bySpeed));
  }

  /** Returns until when, on the timeline, to wait for the packets that a pull up to `end` lacks. */
  deadline(end: Samples): Samples {
    return samples(Math.ceil(this.#delay.deadline(end)));
  }

  /**
   * Returns for how many samples from `at` on, where the next pull would begin, the line is digital silence, as far as the
   * packets that have come tell; Infinity if none wait. A pull of that length may be replaced by {@link skipSilence}.
   */
  silentFor(at: Samples): number {
    if (!this.#isSilent) return 0;
    const first = this.#queue.first;
    if (first === null || !this.#delay.known) return Number.POSITIVE_INFINITY;
    return Math.max(0, first.start + this.#delay.target - SKIP - at);
  }

  /** Skips `count` silent frames from `at` on, as if they had been pulled. A packet that still comes for them is late. */
  skipSilence(at: Samples, count: number): void {
    this.#pulled = at + count;
  }

  /** Whether the line had real sound in the second before `at`. */
  active(at: Samples): boolean {
    return this.#splicer.active(at);
  }

  /** How many packets are missing, by the sequence numbers of those that came. */
  get missing(): number {
    return this.#placement.missing;
  }

  /** Writes the `count` frames of the timeline from `at` on into `out`, from its frame `outAt` on. */
  #play(at: number, out: Float32Array, outAt: number, count: number): void {
    const buffer = this.#buffer;
    const playhead = this.#playhead;
    const isQuiet = this.#fasterWhenQuiet && this.#isQuiet(2 * count);
    this.#delay.settle(count, isQuiet);
    const error = this.#error(at);
    if (error > SKIP) this.#splicer.skip(error);
    const speed = playhead.speed(error > SKIP ? this.#error(at) : error, isQuiet, count);
    const last = Math.floor(playhead.position + (count - 1) * speed);
    const missing = last + LOOKAHEAD + 1 - buffer.length;
    this.#splicer.fill(missing, at + buffer.length - playhead.position, this.#delay.target);
    if (!this.#isSilent) resample(buffer.data, playhead.position, speed, out, outAt, count);
    playhead.advance(count, speed);
    playhead.shift(buffer.trim(Math.floor(playhead.position) - LOOKBEHIND));
  }

  /** By how many samples the line is later than it should be; 0 while it is dry (the queue ran empty). */
  #error(at: number): number {
    const { isDry, media } = this.#splicer;
    return isDry ? 0 : at + this.#buffer.length - this.#playhead.position - media - this.#delay.target;
  }

  /** Whether the sound about to be played, and `ahead` samples after it, is quiet. */
  #isQuiet(ahead: number): boolean {
    const { isDry, media } = this.#splicer;
    return isDry || (this.#buffer.quiet > TAPS && this.#queue.isBelow(QUIET, media, media + ahead));
  }

  /** Whether all buffered sound that will be played, or read along with it, is digital silence. */
  get #isSilent(): boolean {
    return this.#buffer.zeros >= this.#buffer.length - this.#playhead.position + LOOKBEHIND;
  }

  /** How many samples wait to be played. */
  #depth(): number {
    const { isDry, media } = this.#splicer;
    if (isDry) return this.#queue.frames;
    const end = this.#queue.end ?? media;
    return Math.max(0, end - media + this.#buffer.length - this.#playhead.position);
  }
}
