import { CHANNELS, SAMPLE_RATE } from "../media.ts";

/** The window has WINDOW slots; a slot has SLOT samples, both channels counted: 20 x 20 ms = 400 ms. */
const SLOT = CHANNELS * (SAMPLE_RATE / 50);
const WINDOW = 20;
const FLOOR_DB = -100;

/** The level of the last 400 ms of pushed sound, in steps of 20 ms. */
export class Meter {
  readonly #peaks = new Float64Array(WINDOW);
  readonly #energies = new Float64Array(WINDOW);
  readonly #counts = new Float64Array(WINDOW);
  #slot = 0;

  /** Takes interleaved stereo in [-1, 1], of any length. */
  push(pcm: Float32Array): void {
    for (let i = 0; i < pcm.length; ) {
      if (this.#counts[this.#slot] === SLOT) this.#turn();
      const slot = this.#slot;
      const end = Math.min(pcm.length, i + SLOT - (this.#counts[slot] as number));
      let peak = this.#peaks[slot] as number;
      let energy = this.#energies[slot] as number;
      this.#counts[slot] = (this.#counts[slot] as number) + end - i;
      for (; i < end; i++) {
        const value = pcm[i] as number;
        peak = Math.max(peak, Math.abs(value));
        energy += value * value;
      }
      this.#peaks[slot] = peak;
      this.#energies[slot] = energy;
    }
  }

  /** Does the same as a {@link push} of `frames` sample frames of silence. */
  pushSilence(frames: number): void {
    for (let left = Math.min(CHANNELS * frames, (WINDOW + 1) * SLOT); left > 0; ) {
      if (this.#counts[this.#slot] === SLOT) this.#turn();
      const take = Math.min(left, SLOT - (this.#counts[this.#slot] as number));
      this.#counts[this.#slot] = (this.#counts[this.#slot] as number) + take;
      left -= take;
    }
  }

  /** Returns dBFS, at least -100. A full-scale sine on both channels reads peak 0 and RMS -3.01; on one channel RMS -6.02. */
  read(): { peakDb: number; rmsDb: number } {
    const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
    const peak = Math.max(...this.#peaks);
    const power = sum(this.#energies) / Math.max(1, sum(this.#counts));
    return { peakDb: decibels(peak), rmsDb: decibels(Math.sqrt(power)) };
  }

  #turn(): void {
    this.#slot = (this.#slot + 1) % WINDOW;
    this.#peaks[this.#slot] = 0;
    this.#energies[this.#slot] = 0;
    this.#counts[this.#slot] = 0;
  }
}

function decibels(amplitude: number): number {
  return Math.max(FLOOR_DB, 20 * Math.log10(amplitude));
}
