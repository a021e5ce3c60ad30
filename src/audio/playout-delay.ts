import { fromMillis, SAMPLE_RATE } from "../media.ts";

/**
 * For how long missing sound is waited for, from its time on the timeline on, where its host is not delivering: one packet of
 * the usual 20 ms, and some jitter. All times here are in samples.
 */
export const PLAYOUT_DELAY = fromMillis(45);
/**
 * For how long it is waited for at most, which is where its host is delivering. A host whose next packet is later than this has
 * stopped.
 */
const LONGEST_WAIT = fromMillis(120);
/** By how much a packet may be later than all of the last half minute, and still come in time. */
const MARGIN = fromMillis(25);
/** The most that a line is put later: beyond this its packets come too late. */
const MAX_EXTRA = fromMillis(95);
/** What a host is taken to need in its first three seconds, until its jitter is known: a usual packet, and some jitter. */
const FIRST_NEED = fromMillis(40);
/**
 * Delay that is no longer needed is given back at this share of what is played: the first is too slow to be heard, the second is
 * for where it is quiet.
 */
const GIVE_BACK = 0.002;
const QUIET_GIVE_BACK = 0.02;
/** The window is of one-second slots: 30 for lateness, so that a rare spike is remembered, 10 for the baseline. */
const SLOT = SAMPLE_RATE;
const SLOTS = 30;
const BASE_SLOTS = 10;
const FIRST_SLOTS = 3;

/**
 * Where a sender's media time lies on the timeline, and for how long packets that are missing are waited for.
 *
 * The base is the least offset from media time to arrival in the last 10 s: a packet that nothing delayed arrives when its last
 * sample was spoken. The least, and not the mean, because jitter only ever adds; 10 s follow 200 ppm of drift within 2 ms.
 *
 * Two things make up for jitter. Missing packets are waited for, up to {@link LONGEST_WAIT}: that makes the show's units later
 * and moves no sound on the timeline. Jitter beyond that puts the whole line later, by up to {@link MAX_EXTRA}.
 */
export class PlayoutDelay {
  readonly #least = new Float64Array(SLOTS).fill(Number.POSITIVE_INFINITY);
  readonly #needs = new Float64Array(SLOTS);
  #slot: number | null = null;
  #base = 0;
  /** The most sound that was missing at once in the last half minute, just before a packet came: its length and lateness. */
  #need: number = FIRST_NEED;
  #extra = 0;
  #last: { readonly frames: number; readonly arrival: number } | null = null;

  /** Whether there has been a packet, without which nothing here is known. */
  get known(): boolean {
    return this.#slot !== null;
  }

  /** Timeline position minus media time of a packet that nothing delayed. */
  get base(): number {
    return this.#base;
  }

  /** Timeline position minus media time at which to play. */
  get target(): number {
    return this.#base + this.#extra;
  }

  /** How much later than one that nothing delayed a packet came that ends at `end` in media time; 0 until known. */
  lateness(end: number, arrival: number): number {
    return this.known ? arrival - end - this.#base : 0;
  }

  /**
   * Until when what is missing of the timeline before `end` is waited for. If the host has stopped, that is for as long as its
   * jitter needed before: it may begin again at any time.
   */
  deadline(end: number): number {
    const { arrival, frames } = this.#last ?? { arrival: Number.NEGATIVE_INFINITY, frames: 0 };
    const wait = Math.min(LONGEST_WAIT, Math.max(PLAYOUT_DELAY, this.#need + MARGIN));
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
    // Just before the packet came, sound was missing for its whole length, and for as long as it was late.
    this.#needs[index] = Math.max(this.#needs[index] as number, frames + offset - base);
    this.#need = this.#needs.reduce((most, one) => Math.max(most, one), 0);
    this.#extra = Math.max(this.#extra, this.#wanted);
  }

  /** Gives back some of the delay that is no longer needed, while `count` samples are played. More of it is taken at once. */
  settle(count: number, isQuiet: boolean): void {
    this.#extra = Math.max(this.#wanted, this.#extra - count * (isQuiet ? QUIET_GIVE_BACK : GIVE_BACK));
  }

  /** The sender has begun a new time line: forgets the jitter, which was the old one's, and keeps the base. */
  restart(): void {
    this.#needs.fill(0);
    this.#expect((this.#slot ?? 0) + FIRST_SLOTS);
    this.#extra = 0;
  }

  /** Takes the first need to be there, until `slot` comes round. */
  #expect(slot: number): void {
    this.#needs[slot % SLOTS] = FIRST_NEED;
    this.#need = FIRST_NEED;
  }

  get #wanted(): number {
    return Math.min(MAX_EXTRA, Math.max(0, this.#need + MARGIN - LONGEST_WAIT));
  }

  /** By how much packets came later than one that nothing delayed, at most, in the last half minute. */
  get jitter(): number {
    return Math.max(0, this.#need - (this.#last?.frames ?? this.#need));
  }

  /** How fast the sender's clock is against the arrivals', by the baselines at both ends of the window; 0 until known. */
  get ppm(): number {
    const drift = this.#leastOf(SLOTS - BASE_SLOTS) - this.#leastOf(0);
    return Number.isFinite(drift) ? (drift / ((SLOTS - BASE_SLOTS) * SLOT)) * 1e6 : 0;
  }

  /** The least offset in the slots that are `age` to `age + BASE_SLOTS` old. */
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
    // An arrival that is a little before the last one belongs to the slot of the last one.
    const end = Math.max(slot, this.#slot);
    for (let next = Math.max(this.#slot, end - SLOTS) + 1; next <= end; next++) {
      this.#least[next % SLOTS] = Number.POSITIVE_INFINITY;
      this.#needs[next % SLOTS] = 0;
    }
    this.#slot = end;
    return end;
  }
}
