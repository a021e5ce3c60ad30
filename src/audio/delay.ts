import { fromMillis, SAMPLE_RATE } from "../media.ts";

/** For how long what a position lacks is waited for where nobody is delivering it: a usual packet, and some jitter. */
export const HOLD = fromMillis(45);
/** The same where a host is delivering, and merely late; and for how long one is taken to be late, and not to have stopped. */
const PATIENCE = fromMillis(120);
/** By how much a packet may be later than any lately, and still come in time. */
const MARGIN = fromMillis(25);
const MAX_EXTRA = fromMillis(95);
/** Until a host's jitter is known it is taken to need this much: a usual packet, and some jitter. */
const FIRST_NEED = fromMillis(40);
/** The window is of one-second slots: long for lateness, so that a rare spike is remembered, short for the baseline. */
const SLOT = SAMPLE_RATE;
const SLOTS = 30;
const BASE_SLOTS = 10;
const FIRST_SLOTS = 3;

/**
 * How far a sender's media time is to be put behind its clock: the least offset from media time to arrival seen lately
 * (an undelayed packet's last sample sits at its arrival), plus what its jitter needs beyond {@link PATIENCE}. And for how
 * long what it owes is waited for: that moves nothing, so it is as long as the network's last burst, or none.
 *
 * The minimum is what is robust: jitter only ever adds. A window of 10 s follows 200 ppm of drift within 2 ms.
 */
export class Delay {
  readonly #least = new Float64Array(SLOTS).fill(Number.POSITIVE_INFINITY);
  readonly #needs = new Float64Array(SLOTS);
  #slot: number | null = null;
  #base = 0;
  /** The most that was lacking lately just before a packet came, the packet itself included. */
  #need: number = FIRST_NEED;
  #extra = 0;
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

  /**
   * Until when what is lacking of the timeline before `end` is waited for. A host whose next packet is more than
   * {@link PATIENCE} late has stopped: what it may begin again with is waited for by what its jitter was.
   */
  deadline(end: number): number {
    const { arrival, frames } = this.#last ?? { arrival: Number.NEGATIVE_INFINITY, frames: 0 };
    const hold = Math.min(PATIENCE, Math.max(HOLD, this.#need + MARGIN));
    return Math.min(end + PATIENCE, Math.max(end + hold, arrival + frames + PATIENCE));
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
    // Just before the packet came, the line had run past the sound there was by the packet's length and its lateness.
    this.#needs[index] = Math.max(this.#needs[index] as number, frames + offset - base);
    this.#need = this.#needs.reduce((most, one) => Math.max(most, one), 0);
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
    this.#extra = 0;
  }

  /** Until the slot comes round, the first need is there. */
  #expect(slot: number): void {
    this.#needs[slot % SLOTS] = FIRST_NEED;
    this.#need = FIRST_NEED;
  }

  get #wanted(): number {
    return Math.min(MAX_EXTRA, Math.max(0, this.#need + MARGIN - PATIENCE));
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
