import { fromMillis, SAMPLE_RATE } from "../media.ts";

/**
 * The least wait for missing sound, from its time on the timeline on, which applies while its host is not delivering: one packet
 * of the usual 20 ms, and some jitter. All times here are in samples.
 */
export const MIN_WAIT = fromMillis(45);
/**
 * The longest wait for missing sound, which applies while its host is delivering. A host whose next packet is later than this
 * has stopped.
 */
const LONGEST_WAIT = fromMillis(120);
/** How much later than any packet of the last half minute a packet may be, and still come in time. */
const MARGIN = fromMillis(25);
/** By how much a line is put later at most: packets with more delay come too late. */
const MAX_EXTRA = fromMillis(95);
/** The wait that a host is assumed to need in its first three seconds, until its jitter is known: one packet, and some jitter. */
const FIRST_NEED = fromMillis(40);
/**
 * Extra delay that is not needed any more is given back at this share of the samples played. The first rate is too slow to be
 * heard, the second is for quiet sound.
 */
const GIVE_BACK = 0.002;
const QUIET_GIVE_BACK = 0.02;
/** Arrivals are remembered in one-second slots: 30 for lateness, so that a rare spike counts, and 10 for the base. */
const SLOT = SAMPLE_RATE;
const SLOTS = 30;
const BASE_SLOTS = 10;
const FIRST_SLOTS = 3;

/**
 * Where a sender's media time lies on the timeline, and how long missing packets are waited for.
 *
 * The base is the least offset from media time to arrival in the last 10 s: a packet that nothing delayed arrives when its last
 * sample was spoken. It is the least and not the mean because jitter only ever adds. Over 10 s it follows a drift of 200 ppm
 * within 2 ms.
 *
 * Two things make up for jitter. Missing packets are waited for, up to {@link LONGEST_WAIT}: that makes the show's access units
 * later and moves no sound on the timeline. Jitter beyond that puts the whole line later, by up to {@link MAX_EXTRA}.
 */
export class PlayoutDelay {
  readonly #least = new Float64Array(SLOTS).fill(Number.POSITIVE_INFINITY);
  readonly #needs = new Float64Array(SLOTS);
  #slot: number | null = null;
  /** The slot in which the sender last began a new time line. */
  #since = Number.NEGATIVE_INFINITY;
  #base = 0;
  /** The most sound missing just before a packet came, in the last half minute: the packet's length plus its lateness. */
  #need: number = FIRST_NEED;
  #extra = 0;
  #last: { readonly frames: number; readonly arrival: number } | null = null;

  /** Whether a packet has come; before that nothing here is known. */
  get known(): boolean {
    return this.#slot !== null;
  }

  /** Timeline position minus media time, for a packet that nothing delayed. */
  get base(): number {
    return this.#base;
  }

  /** Timeline position at which to play, minus media time. */
  get target(): number {
    return this.#base + this.#extra;
  }

  /** By how much a packet that ends at `end` in media time came later than one that nothing delayed; 0 until known. */
  lateness(end: number, arrival: number): number {
    return this.known ? arrival - end - this.#base : 0;
  }

  /**
   * Returns until when to wait for sound that is missing before `end` on the timeline. If the host has stopped, the wait is as
   * long as its jitter needed before: it may begin again at any time.
   */
  deadline(end: number): number {
    const { arrival, frames } = this.#last ?? { arrival: Number.NEGATIVE_INFINITY, frames: 0 };
    const wait = Math.min(LONGEST_WAIT, Math.max(MIN_WAIT, this.#need + MARGIN));
    return Math.min(end + LONGEST_WAIT, Math.max(end + wait, arrival + frames + LONGEST_WAIT));
  }

  /** Takes a packet of `frames` samples that ends at `end` in media time and arrived at `arrival` on the timeline. */
  observe(end: number, frames: number, arrival: number): void {
    const slot = this.#turnTo(Math.floor(arrival / SLOT));
    const index = slot % SLOTS;
    const offset = arrival - end;
    this.#last = { frames, arrival };
    this.#least[index] = Math.min(this.#least[index] as number, offset);
    const base = this.#leastOf(0);
    this.#base = base;
    // Just before the packet came, missing sound amounted to its whole length plus its lateness.
    this.#needs[index] = Math.max(this.#needs[index] as number, frames + offset - base);
    this.#need = this.#needs.reduce((most, one) => Math.max(most, one), 0);
    this.#extra = Math.max(this.#extra, this.#wanted);
  }

  /** Gives back some extra delay that is not needed any more, while `count` samples are played. An increase is made at once. */
  settle(count: number, isQuiet: boolean): void {
    this.#extra = Math.max(this.#wanted, this.#extra - count * (isQuiet ? QUIET_GIVE_BACK : GIVE_BACK));
  }

  /** Starts over after the sender has begun a new time line: forgets the jitter, which was the old one's, and keeps the base. */
  restart(): void {
    this.#since = this.#slot ?? 0;
    this.#needs.fill(0);
    this.#expect((this.#slot ?? 0) + FIRST_SLOTS);
    this.#extra = 0;
  }

  /** Assumes {@link FIRST_NEED} until slot number `slot` begins. */
  #expect(slot: number): void {
    this.#needs[slot % SLOTS] = FIRST_NEED;
    this.#need = FIRST_NEED;
  }

  get #wanted(): number {
    return Math.min(MAX_EXTRA, Math.max(0, this.#need + MARGIN - LONGEST_WAIT));
  }

  /** The most by which packets came later than one that nothing delayed, in the last half minute. */
  get jitter(): number {
    return Math.max(0, this.#need - (this.#last?.frames ?? this.#need));
  }

  /**
   * How fast the sender's clock is against the arrivals', ppm, by the bases at both ends of the half minute; 0 until known. The
   * offsets of two time lines say nothing about the clock: a stall begins a new time line, with offsets seconds apart.
   */
  get ppm(): number {
    if ((this.#slot ?? 0) - this.#since < SLOTS) return 0;
    const drift = this.#leastOf(SLOTS - BASE_SLOTS) - this.#leastOf(0);
    return Number.isFinite(drift) ? (drift / ((SLOTS - BASE_SLOTS) * SLOT)) * 1e6 : 0;
  }

  /** The least offset in the BASE_SLOTS slots of which the newest is `age` slots old. */
  #leastOf(age: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let slot = (this.#slot ?? 0) - age; slot > (this.#slot ?? 0) - age - BASE_SLOTS; slot--) {
      least = Math.min(least, this.#least[(slot + SLOTS) % SLOTS] as number);
    }
    return least;
  }

  #turnTo(slot: number): number {
    if (this.#slot === null) {
      this.#expect(slot + FIRST_SLOTS);
      this.#slot = slot;
    }
    // An arrival a little before the last one counts in the slot of the last one.
    const end = Math.max(slot, this.#slot);
    for (let next = Math.max(this.#slot, end - SLOTS) + 1; next <= end; next++) {
      this.#least[next % SLOTS] = Number.POSITIVE_INFINITY;
      this.#needs[next % SLOTS] = 0;
    }
    this.#slot = end;
    return end;
  }
}
