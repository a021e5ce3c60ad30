import { SAMPLE_RATE } from "../media.ts";

/** Pairs of successive packets in one attempt, and how many of them must agree. */
const PAIRS = 8;
const AGREEING = 6;
/** Clock rates in use for media timestamps, in Hz: RTP clocks, and milli-, micro- and nanoseconds. */
const RATES = [1_000, 8_000, 16_000, 24_000, 44_100, 48_000, 90_000, 1_000_000, 1_000_000_000];
const TOLERANCE = 0.02;

/**
 * Finds the unit of a sender's timestamps, which Cloudflare Realtime does not document, from how much they grow from one packet
 * to the next. The unit stays unknown if the timestamps make no sense: constant, random, or a wall clock with jitter.
 */
export class Calibration {
  #pairs: { step: number; frames: number }[] = [];
  #unitsPerSample: number | null = null;

  /** Timestamp units in one 48 kHz sample; null until known. */
  get unitsPerSample(): number | null {
    return this.#unitsPerSample;
  }

  /** Takes by how much the timestamp grew from a packet of `frames` samples to its successor. */
  push(step: number, frames: number): void {
    if (this.#unitsPerSample !== null) return;
    this.#pairs.push({ step, frames });
    if (this.#pairs.length < PAIRS) return;
    const rates = this.#pairs.map((pair) => pair.step / pair.frames).sort((a, b) => a - b);
    const median = rates[PAIRS / 2] as number;
    // With a coarse unit, a packet may not be a whole number of units; its step is then off by up to one.
    const agreeing = this.#pairs.filter((pair) => Math.abs(pair.step - median * pair.frames) <= 1);
    const steps = agreeing.reduce((sum, pair) => sum + pair.step, 0);
    const length = agreeing.reduce((sum, pair) => sum + pair.frames, 0);
    const hertz = (steps / length) * SAMPLE_RATE;
    const rate = RATES.find((known) => Math.abs(hertz / known - 1) < TOLERANCE);
    if (agreeing.length >= AGREEING && rate !== undefined) this.#unitsPerSample = rate / SAMPLE_RATE;
    this.#pairs = [];
  }
}
