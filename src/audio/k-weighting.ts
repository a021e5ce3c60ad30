import { CHANNELS } from "../media.ts";

/**
 * The K-weighting of ITU-R BS.1770-5 at 48 kHz, stereo: a shelf that raises frequencies above some 2 kHz by 4 dB, as a head does
 * (annex 1, table 1), and a high-pass at 38 Hz (table 2).
 */
export class KWeighting {
  /** Filter state: two filters of two values each per channel, the left channel's first. */
  readonly #state = new Float64Array(4 * CHANNELS);

  /**
   * Weights `pcm`, interleaved stereo, from its sample `from` to before `to`, both even. Returns the sum of the squares, both
   * channels together. Consecutive calls are one continuous stretch of sound.
   */
  energy(pcm: Float32Array, from: number, to: number): number {
    const state = this.#state;
    let l1 = state[0] as number;
    let l2 = state[1] as number;
    let l3 = state[2] as number;
    let l4 = state[3] as number;
    let r1 = state[4] as number;
    let r2 = state[5] as number;
    let r3 = state[6] as number;
    let r4 = state[7] as number;
    let energy = 0;
    for (let i = from; i < to; i += CHANNELS) {
      const left = pcm[i] as number;
      const right = pcm[i + 1] as number;
      const leftShelved = SHELF_B0 * left + l1;
      const rightShelved = SHELF_B0 * right + r1;
      l1 = SHELF_B1 * left - SHELF_A1 * leftShelved + l2;
      r1 = SHELF_B1 * right - SHELF_A1 * rightShelved + r2;
      l2 = SHELF_B2 * left - SHELF_A2 * leftShelved;
      r2 = SHELF_B2 * right - SHELF_A2 * rightShelved;
      const leftOut = leftShelved + l3;
      const rightOut = rightShelved + r3;
      l3 = -2 * leftShelved - PASS_A1 * leftOut + l4;
      r3 = -2 * rightShelved - PASS_A1 * rightOut + r4;
      l4 = leftShelved - PASS_A2 * leftOut;
      r4 = rightShelved - PASS_A2 * rightOut;
      energy += leftOut * leftOut + rightOut * rightOut;
    }
    state[0] = l1;
    state[1] = l2;
    state[2] = l3;
    state[3] = l4;
    state[4] = r1;
    state[5] = r2;
    state[6] = r3;
    state[7] = r4;
    // A state this small is as good as zero; still smaller numbers (denormal ones) would make arithmetic slow.
    const rest = Math.abs(l1) + Math.abs(l3) + Math.abs(l4) + Math.abs(r1) + Math.abs(r3) + Math.abs(r4);
    if (rest < NEGLIGIBLE) this.reset();
    return energy;
  }

  /** Resets the filters, as if only silence had come before. */
  reset(): void {
    this.#state.fill(0);
  }
}

/**
 * Returns the LUFS of a weighted power, the sum of both channels (BS.1770-5 annex 1, equation 2); -Infinity for 0. A full-scale
 * sine of 1 kHz on one channel reads -3.01.
 */
export function lufsOf(power: number): number {
  return -0.691 + 10 * Math.log10(power);
}

const SHELF_B0 = 1.53512485958697;
const SHELF_B1 = -2.69169618940638;
const SHELF_B2 = 1.19839281085285;
const SHELF_A1 = -1.69065929318241;
const SHELF_A2 = 0.73248077421585;
const PASS_A1 = -1.99004745483398;
const PASS_A2 = 0.99007225036621;
const NEGLIGIBLE = 1e-12;
