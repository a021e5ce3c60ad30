import { CHANNELS, fromMillis, SAMPLE_RATE, type Samples, samples } from "../media.ts";
import { freshStats } from "./align-stats.ts";
import { Delay } from "./delay.ts";
import { frameCount, type PcmPacket } from "./pcm.ts";
import { LOOKAHEAD, LOOKBEHIND, resample, TAPS } from "./resample.ts";
import { type Marks, SenderClock } from "./sender.ts";
import { Shelf } from "./shelf.ts";
import { QUIET, Tape } from "./tape.ts";

export interface AlignOptions {
  /** Whether larger corrections are made where the line is quiet and nobody can hear them; default true. */
  readonly hide?: boolean;
}

const MIN_FRAMES = fromMillis(2.5);
const MAX_FRAMES = fromMillis(120);
/** Off by more than this from where its arrival puts it, a packet is not of the time line known so far. */
const JUMP = fromMillis(1_500);
/** When nothing but late packets came for so long, the sender's time line has moved. */
const STALE = fromMillis(500);
/** Ahead of its place by more than this, the line is cut and not merely played faster. */
const SKIP = fromMillis(60);
/** A host is active for this long after its last sample. */
const ACTIVE = fromMillis(1_000);
/** A concealed gap counts for so long; after that the host is simply silent. */
const GAP = fromMillis(1_000);
/** The speed changes at most every CHUNK samples. */
const CHUNK = fromMillis(20);
/** An error is resampled away with this time constant, or faster where nobody can hear it. */
const GAIN = 1 / (5 * SAMPLE_RATE);
const QUIET_GAIN = 10 * GAIN;
const SLEW = 0.005;
const QUIET_SLEW = 0.02;
/** Delay no longer needed is given back at this speed. */
const GIVE_BACK = 0.002;
/** Within the first of its place the line is played as it is, until it is the second off. */
const [LOCK, UNLOCK] = [1, 24];
/** What is read beyond the end of a pull, all rounding included. */
const REACH = LOOKAHEAD + 2;

/**
 * Puts one host's packets onto the show's sample line: ordered, de-duplicated, gaps concealed, jitter buffered, and
 * the drift of the host's clock resampled away. Never a click: every seam is faded or joined.
 *
 * A packet's last sample is put where the line was when it arrived, had its way been the shortest lately: so the line is
 * right to the network's own delay. Whoever pulls waits for what is late, by {@link has} and {@link deadline}.
 */
export class Aligner {
  readonly stats = freshStats();
  readonly #hide: boolean;
  readonly #sender = new SenderClock();
  readonly #delay = new Delay();
  readonly #shelf = new Shelf();
  readonly #tape = new Tape();
  /** The next sample frame to play, as a position on the tape; fractional. */
  #read: number = this.#tape.length;
  /** The media time that goes onto the tape next. */
  #media = 0;
  /** Where played media ends: a packet before it is late. */
  #played = Number.NEGATIVE_INFINITY;
  /** Nothing waits: where the line goes on is decided when something does. */
  #dry = true;
  #locked = false;
  #gap: number = GAP;
  #heard = Number.NEGATIVE_INFINITY;
  #pulled: number | null = null;
  #staleSince: number | null = null;
  #stranger: { marks: Marks; pcm: Float32Array; arrival: number } | null = null;

  constructor(options: AlignOptions = {}) {
    this.#hide = options.hide ?? true;
  }

  /**
   * Takes a packet that arrived when the timeline was at `arrival`; its PCM must not change afterwards. Since `due`, when
   * the next pull was to be, it is the line that is late: what waited for it has missed nothing.
   */
  push(packet: PcmPacket, arrival: Samples, due: Samples = arrival): void {
    this.stats.received++;
    const { sequenceNumber, timestamp, pcm } = packet;
    const frames = frameCount(pcm);
    if (!Number.isInteger(frames) || frames < MIN_FRAMES || frames > MAX_FRAMES) {
      this.stats.malformed++;
      return;
    }
    this.#place({ sequenceNumber, timestamp, frames }, pcm, arrival, Math.max(0, arrival - due));
  }

  /**
   * The line's `count` sample frames from `at` on, interleaved stereo; silence where there is nothing. Ranges follow
   * one another (RangeError if one goes back), each pulled when the wall clock is past it and it is there, or overdue.
   */
  pull(at: Samples, count: number): Float32Array {
    if (this.#pulled !== null && at < this.#pulled)
      throw new RangeError(`Pulled ${at} after ${this.#pulled}`);
    this.#pulled = at + count;
    const out = new Float32Array(CHANNELS * count);
    this.stats.depth = this.#depth();
    this.stats.ppm = this.#delay.ppm;
    if (!this.#delay.known) return out;
    for (let done = 0; done < count; done += CHUNK) {
      this.#render(at + done, out, done, Math.min(CHUNK, count - done));
    }
    return out;
  }

  /** Whether all of a pull of `count` from `at` on has come, up to what it is read ahead. */
  has(at: Samples, count: number): boolean {
    const byPlace = at + count + REACH - this.#delay.target;
    const first = this.#shelf.first;
    if (first === undefined) return false;
    if (this.#dry) return this.#shelf.has(first.start, byPlace);
    const bySpeed = this.#media + this.#read - this.#tape.length + (1 + QUIET_SLEW) * count + REACH;
    return this.#shelf.has(this.#media, Math.max(byPlace, bySpeed));
  }

  /** Until when what a pull up to `end` lacks is waited for. */
  deadline(end: Samples): Samples {
    return samples(Math.ceil(this.#delay.deadline(end)));
  }

  /**
   * For how many samples from `at` on, where the next pull would begin, the line is certain to be digital silence, as far
   * as packets have come. So long a pull may be left out.
   */
  silentFor(at: Samples): number {
    const tape = this.#tape;
    if (tape.zeros < tape.length - this.#read + LOOKBEHIND) return 0;
    const first = this.#shelf.first;
    if (first === undefined || !this.#delay.known) return Number.POSITIVE_INFINITY;
    return Math.max(0, first.start + this.#delay.target - SKIP - at);
  }

  /** Takes note that the `count` frames from `at` on were silent and have not been pulled: what comes for them is late. */
  leaveOut(at: Samples, count: number): void {
    this.#pulled = at + count;
  }

  /** Whether real sound was on the line within a second before `at`. */
  active(at: Samples): boolean {
    return at - this.#heard < ACTIVE;
  }

  /** Up to `excused` samples of its delay are the line's own lateness. */
  #place(marks: Marks, pcm: Float32Array, came: number, excused: number): void {
    const start = this.#sender.locate(marks);
    if (start === null) {
      this.stats.duplicate++;
      this.#stale(marks, pcm, came);
      return;
    }
    const end = start + marks.frames;
    // An undelayed packet stays one: only what is beyond the baseline can have been waiting for the line.
    const arrival = came - Math.min(excused, Math.max(0, this.#delay.lateness(end, came)));
    if (Math.abs(this.#delay.lateness(end, arrival)) > JUMP) {
      this.#meet(marks, pcm, came, excused);
      return;
    }
    this.#stranger = null;
    this.#delay.observe(end, marks.frames, arrival);
    if (end <= this.#floor) {
      this.stats.late++;
      this.#stale(marks, pcm, came);
      return;
    }
    if (!this.#sender.isAhead(marks)) this.stats.reordered++;
    this.#staleSince = null;
    this.#sender.accept(marks, start);
    this.#put(start, pcm);
  }

  /** One odd packet proves nothing; two in sequence are a new time line (compare RFC 3550 appendix A.1). */
  #meet(marks: Marks, pcm: Float32Array, arrival: number, excused: number): void {
    const before = this.#stranger;
    this.#stranger = { marks, pcm, arrival };
    if (before === null || (marks.sequenceNumber - before.marks.sequenceNumber) >>> 0 > 1) return;
    this.#resync(before.marks, before.pcm, before.arrival);
    this.#place(marks, pcm, arrival, excused);
  }

  /** A sender that began again close to where it was looks like one that repeats itself. */
  #stale(marks: Marks, pcm: Float32Array, arrival: number): void {
    this.#staleSince ??= arrival;
    if (arrival - this.#staleSince > STALE) this.#resync(marks, pcm, arrival);
  }

  /** Ties the sender's new time line to the old at this packet, as if it had come undelayed. */
  #resync(marks: Marks, pcm: Float32Array, arrival: number): void {
    this.stats.resyncs++;
    this.#staleSince = null;
    this.#stranger = null;
    const start = Math.round(arrival - this.#delay.base) - marks.frames;
    this.#delay.restart();
    this.#sender.restart(marks, start);
    this.#put(start, pcm);
  }

  #put(start: number, pcm: Float32Array): void {
    const played = Math.max(0, this.#floor - start);
    if (2 * played >= pcm.length) return;
    this.stats.droppedSamples += this.#shelf.put(start + played, pcm.subarray(CHANNELS * played));
  }

  /** Media time before this can no longer be played. */
  get #floor(): number {
    const next = this.#dry ? (this.#pulled ?? Number.NEGATIVE_INFINITY) - this.#delay.target : this.#media;
    return Math.max(this.#played, Math.round(next));
  }

  #depth(): number {
    if (this.#dry) return this.#shelf.frames;
    const end = this.#shelf.end ?? this.#media;
    return Math.max(0, end - this.#media + this.#tape.length - this.#read);
  }

  /** Plays `count` frames for the timeline from `at` on. */
  #render(at: number, out: Float32Array, outAt: number, count: number): void {
    const tape = this.#tape;
    const quiet = this.#hide && this.#isQuiet(2 * count);
    this.#delay.settle(count * (quiet ? QUIET_SLEW : GIVE_BACK));
    const ratio = this.#ratio(at, count, quiet);
    const last = Math.floor(this.#read + (count - 1) * ratio);
    this.#fill(last + LOOKAHEAD + 1 - tape.length, at + tape.length - this.#read);
    if (tape.zeros < tape.length - this.#read + LOOKBEHIND) {
      resample(tape.data, this.#read, ratio, out, outAt, count);
    }
    this.#read += count * ratio;
    // The rounding of count * ratio must not keep a locked line from being copied.
    if (this.#locked) this.#read = Math.round(this.#read);
    this.#read -= tape.trim(Math.floor(this.#read) - LOOKBEHIND);
  }

  /** Whether what is about to be played, and `ahead` samples after it, is quiet. */
  #isQuiet(ahead: number): boolean {
    if (this.#dry) return true;
    return this.#tape.quiet > TAPS && this.#shelf.isBelow(QUIET, this.#media, this.#media + ahead);
  }

  /** How fast to play so that the line comes to where it should be. */
  #ratio(at: number, count: number, quiet: boolean): number {
    let error = this.#error(at);
    if (error > SKIP) {
      this.#tape.cut();
      this.#media = Math.round(this.#media + error);
      this.stats.droppedSamples += this.#shelf.dropTo(this.#media);
      error = this.#error(at);
    }
    if (this.#dry || Math.abs(error) <= (this.#locked ? UNLOCK : LOCK)) {
      const end = this.#read + count + (this.#locked ? 0 : error);
      this.#locked = true;
      return (Math.round(end) - this.#read) / count;
    }
    this.#locked = false;
    const slew = quiet ? QUIET_SLEW : SLEW;
    return 1 + Math.min(slew, Math.max(-slew, error * (quiet ? QUIET_GAIN : GAIN)));
  }

  /** How many samples later than it should be the line is. */
  #error(at: number): number {
    if (this.#dry) return 0;
    return at + this.#tape.length - this.#read - this.#media - this.#delay.target;
  }

  /** Writes `count` more frames onto the tape, whose end is at `position` on the timeline. */
  #fill(count: number, position: number): void {
    for (let done = 0; done < count; ) {
      if (this.#dry && this.#shelf.first) {
        this.#dry = false;
        this.#media = Math.round(position + done - this.#delay.target);
        this.stats.droppedSamples += this.#shelf.dropTo(this.#media);
      }
      this.#shelf.dropTo(this.#media);
      const first = this.#shelf.first;
      if (first === undefined) this.#dry = true;
      const left = count - done;
      if (first !== undefined && first.start <= this.#media) {
        const take = Math.min(left, first.end - this.#media);
        this.#tape.append(first.pcm, this.#media - first.start, take, first.peak);
        this.#media += take;
        this.#played = this.#media;
        this.#gap = 0;
        done += take;
        this.#heard = position + done;
      } else {
        const take = first === undefined ? left : Math.min(left, first.start - this.#media);
        this.#tape.conceal(take);
        this.#media += take;
        if (this.#gap < GAP) this.stats.concealedSamples += take;
        this.#gap += take;
        done += take;
      }
    }
  }
}
