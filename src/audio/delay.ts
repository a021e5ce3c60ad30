import { fromMillis, SAMPLE_RATE } from "../media.ts";

/** The fixed base of the jitter buffer: a position is played this long after the wall clock has passed it. */
export const HOLD = fromMillis(45);
/** What the buffer should still hold when the next packet comes in as late as any lately. */
const MARGIN = fromMillis(25);
const MAX_EXTRA = fromMillis(170);
/** Until a host's jitter is known it is taken to need this much. */
const FIRST_EXTRA = fromMillis(20);
/** The window is of one-second slots: long for lateness, so that a rare spike is remembered, short for the baseline. */
const SLOT = SAMPLE_RATE;
const SLOTS = 30;
const BASE_SLOTS = 10;
const FIRST_SLOTS = 3;

/**
 * How far a sender's media time is to be put behind its clock: the least offset from media time to arrival seen lately
 * (an undelayed packet's last sample sits at its arrival), plus what its jitter needs beyond {@link HOLD}.
 *
 * The minimum is what is robust: jitter only ever adds. A window of 10 s follows 200 ppm of drift within 2 ms.
 */
export class Delay {
  readonly #least = new Float64Array(SLOTS).fill(Number.POSITIVE_INFINITY);
  readonly #needs = new Float64Array(SLOTS);
  #slot: number | null = null;
  #base = 0;
  #wanted: number = FIRST_EXTRA;
  #extra: number = FIRST_EXTRA;
  #last: { readonly frames: number; readonly arrival: number } | null = null;

  /** Whether there has been a packet to tell from. */
  get known(): boolean {
    return this.#slot !== null;
  }

  /** Timeline position minus media time of an undelayed packet. */
  get base(): number {
    return this.#base;
  }

  /** Timeline position minus media time at which to play. */
  get target(): number {
    return this.#base + this.#extra;
  }

  /** How much later than an undelayed one a packet came that ends at `end` in media time, samples; 0 until known. */
  lateness(end: number, arrival: number): number {
    return this.known ? arrival - end - this.#base : 0;
  }

  /** For how long, at `now`, the packet after the last has been due; 0 if the last came before `since`. */
  overdue(now: number, since: number): number {
    if (this.#last === null || this.#last.arrival < since) return 0;
    return Math.max(0, now - this.#last.arrival - this.#last.frames);
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
    // Just before it came, what had been played lacked the packet itself and its lateness.
    this.#needs[index] = Math.max(this.#needs[index] as number, frames + offset - base);
    const need = this.#needs.reduce((most, one) => Math.max(most, one), 0);
    this.#wanted = Math.min(MAX_EXTRA, Math.max(0, need + MARGIN - HOLD));
    this.#extra = Math.max(this.#extra, this.#wanted);
  }

  /** Gives back up to `step` samples of delay that is no longer needed; what is needed was taken at once. */
  settle(step: number): void {
    this.#extra = Math.max(this.#wanted, this.#extra - step);
  }

  /** Forgets the jitter but not the baseline: what looked late was another time line. */
  restart(): void {
    this.#needs.fill(0);
    this.#expect((this.#slot ?? 0) + FIRST_SLOTS);
    this.#extra = FIRST_EXTRA;
  }

  /** Until the slot comes round, the first extra is needed. */
  #expect(slot: number): void {
    this.#needs[slot % SLOTS] = FIRST_EXTRA + HOLD - MARGIN;
    this.#wanted = FIRST_EXTRA;
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
    // Never back: arrivals are as good as monotonic.
    const end = Math.max(slot, this.#slot);
    for (let next = Math.max(this.#slot, end - SLOTS) + 1; next <= end; next++) {
      this.#least[next % SLOTS] = Number.POSITIVE_INFINITY;
      this.#needs[next % SLOTS] = 0;
    }
    this.#slot = end;
    return end;
  }
}
