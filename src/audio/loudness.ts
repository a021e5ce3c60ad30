import { CHANNELS, type Loudness, SAMPLE_RATE } from "../media.ts";
import { GatedLoudness } from "./gated-loudness.ts";
import { KWeighting, lufsOf } from "./k-weighting.ts";
import { TruePeak } from "./true-peak.ts";

/** Samples per slot of 10 ms: power is summed by slots, so a window is at most half a slot from where it would read the most. */
const SLOT = SAMPLE_RATE / 100;
/** Slots in the windows of 400 ms and 3 s. */
const MOMENTARY = 40;
const SHORT_TERM = 300;
/** Slots from one block of the integrated loudness to the next: 100 ms. */
const STEP = 10;
/** After this much silence, samples, nothing of earlier sound is left in the filter (-200 dB). */
const RINGING = SAMPLE_RATE / 5;

/**
 * Loudness by EBU R128 (ITU-R BS.1770-5, EBU Tech 3341) of stereo at 48 kHz: momentary (400 ms), short-term (3 s), integrated
 * (gated, over all pushed sound) and the true peak of the last 3 s. It uses constant memory.
 */
export class LoudnessMeter {
  readonly #weighting = new KWeighting();
  readonly #truePeak = new TruePeak();
  readonly #integrated = new GatedLoudness();
  /** The weighted energy of the last SHORT_TERM full slots, a ring; the newest is just before {@link #slot}. */
  readonly #energies = new Float64Array(SHORT_TERM);
  /** The true peaks of the same time, one per STEP slots: the more slots share a peak, the less has to be oversampled. */
  readonly #peaks = new Float64Array(SHORT_TERM / STEP);
  #slot = 0;
  /** The slot being filled: its sample frames, its energy, and the peak since {@link #slot} was last a multiple of STEP. */
  #filled = 0;
  #energy = 0;
  #peak = 0;
  /** Slots until the next block of the integrated loudness ends. */
  #untilBlock = MOMENTARY;
  /** The sample frames of silence that came last and went through the filter, {@link RINGING} at most. */
  #rungOut = RINGING;

  /** Takes interleaved stereo of any length, full scale 1. */
  push(pcm: Float32Array): void {
    this.#rungOut = 0;
    this.#measure(pcm);
  }

  #measure(pcm: Float32Array): void {
    for (let i = 0; i < pcm.length; ) {
      const end = Math.min(pcm.length, i + CHANNELS * (SLOT - this.#filled));
      this.#energy += this.#weighting.energy(pcm, i, end);
      this.#peak = this.#truePeak.push(pcm, this.#peak, i, end);
      this.#filled += (end - i) / CHANNELS;
      i = end;
      if (this.#filled === SLOT) this.#turn();
    }
  }

  /** Does the same as a {@link push} of `frames` sample frames of silence, at next to no cost once the filter has rung out. */
  pushSilence(frames: number): void {
    let left = frames;
    while (left > 0 && this.#rungOut < RINGING) {
      const take = Math.min(left, SLOT, RINGING - this.#rungOut);
      this.#measure(SILENCE.subarray(0, CHANNELS * take));
      this.#rungOut += take;
      left -= take;
    }
    if (left === 0) return;
    this.#weighting.reset();
    for (let turns = 0; turns < SHORT_TERM && left >= SLOT - this.#filled; turns++) {
      left -= SLOT - this.#filled;
      this.#turn();
    }
    // If full slots are still left, all slots in the ring are empty by now, and so are the remaining blocks.
    const slots = Math.floor((this.#filled + left) / SLOT);
    if (slots > 0) this.#untilBlock = ((((this.#untilBlock - slots - 1) % STEP) + STEP) % STEP) + 1;
    this.#filled = this.#filled + left - slots * SLOT;
  }

  /** LUFS of the last 400 ms; -Infinity for silence. */
  get momentary(): number {
    return lufsOf(this.#power(MOMENTARY));
  }

  /** LUFS of the last 3 s; -Infinity for silence. */
  get shortTerm(): number {
    return lufsOf(this.#power(SHORT_TERM));
  }

  read(): Loudness {
    const peak = this.#peaks.reduce((a, b) => Math.max(a, b), this.#peak);
    return {
      momentary: finite(this.momentary),
      shortTerm: finite(this.shortTerm),
      integrated: finite(this.#integrated.read()),
      truePeakDb: finite(20 * Math.log10(peak)),
    };
  }

  /** The mean power of the last `slots` full slots, the sum of both channels. */
  #power(slots: number): number {
    let energy = 0;
    for (let n = 1; n <= slots; n++) {
      energy += this.#energies[(this.#slot + SHORT_TERM - n) % SHORT_TERM] as number;
    }
    return energy / (slots * SLOT);
  }

  #turn(): void {
    this.#energies[this.#slot] = this.#energy;
    this.#peaks[Math.floor(this.#slot / STEP)] = this.#peak;
    this.#slot = (this.#slot + 1) % SHORT_TERM;
    this.#energy = 0;
    if (this.#slot % STEP === 0) this.#peak = 0;
    this.#filled = 0;
    if (--this.#untilBlock > 0) return;
    this.#untilBlock = STEP;
    this.#integrated.push(this.#power(MOMENTARY));
  }
}

const SILENCE = new Float32Array(CHANNELS * SLOT);

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
