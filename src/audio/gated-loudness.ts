import { lufsOf } from "./k-weighting.ts";

/** Blocks below this loudness, LUFS, do not count as programme (BS.1770-5 annex 1, equation 5). */
const ABSOLUTE_GATE = -70;
/** The second gate lies this many LU below the mean of the blocks above the first (equation 6). */
const RELATIVE_GATE = 10;
/** Blocks are sorted by loudness: the number of classes per LU, and the loudness that they reach up to, LUFS. */
const CLASSES = 10;
const HIGHEST = 10;

/**
 * The integrated loudness of any number of 400 ms blocks that overlap by 75 % (BS.1770-5 annex 1). Blocks are sorted into classes
 * of 0.1 LU. A class keeps only their number and the sum of their powers: the mean is exact, and the gate is within 0.1 LU.
 */
export class GatedLoudness {
  readonly #counts = new Float64Array((HIGHEST - ABSOLUTE_GATE) * CLASSES);
  readonly #powers = new Float64Array((HIGHEST - ABSOLUTE_GATE) * CLASSES);

  /** Takes the power of one block, the sum of both channels. */
  push(power: number): void {
    const lufs = lufsOf(power);
    if (!(lufs > ABSOLUTE_GATE)) return;
    const at = Math.min(this.#counts.length - 1, Math.floor((lufs - ABSOLUTE_GATE) * CLASSES));
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#powers[at] = (this.#powers[at] as number) + power;
  }

  /** Returns the integrated loudness, LUFS; -Infinity before the first block above the absolute gate. */
  read(): number {
    const gate = this.#mean(0) / 10 ** (RELATIVE_GATE / 10);
    return lufsOf(this.#mean(gate));
  }

  /** The mean power of the blocks in classes whose mean is above `gate`; 0 if there are none. */
  #mean(gate: number): number {
    let [count, power] = [0, 0];
    for (let at = 0; at < this.#counts.length; at++) {
      const [n, sum] = [this.#counts[at] as number, this.#powers[at] as number];
      if (n === 0 || sum / n <= gate) continue;
      count += n;
      power += sum;
    }
    return count === 0 ? 0 : power / count;
  }
}
