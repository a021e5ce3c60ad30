import { lufsOf } from "./k-weighting.ts";

/** Blocks below this, LUFS, are no programme (BS.1770-5 annex 1, equation 5). */
const ABSOLUTE_GATE = -70;
/** So many LU below the mean of what is above that, the second gate lies (equation 6). */
const RELATIVE_GATE = 10;
/** Blocks are kept by their loudness, in classes of 0.1 LU up to +10 LUFS: so many for each LU. */
const CLASSES = 10;
const HIGHEST = 10;

/**
 * The integrated loudness of blocks of 400 ms that overlap by 75 % (BS.1770-5 annex 1), however many: of all blocks of a class
 * only their number and the sum of their powers are kept, so the mean is exact, and the gate is within 0.1 LU.
 */
export class GatedLoudness {
  readonly #counts = new Float64Array((HIGHEST - ABSOLUTE_GATE) * CLASSES);
  readonly #powers = new Float64Array((HIGHEST - ABSOLUTE_GATE) * CLASSES);

  /** Takes the power of one block, both channels added up. */
  push(power: number): void {
    const lufs = lufsOf(power);
    if (!(lufs > ABSOLUTE_GATE)) return;
    const at = Math.min(this.#counts.length - 1, Math.floor((lufs - ABSOLUTE_GATE) * CLASSES));
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#powers[at] = (this.#powers[at] as number) + power;
  }

  /** LUFS; -Infinity before the first block that is above the absolute gate. */
  read(): number {
    const gate = this.#mean(0) / 10 ** (RELATIVE_GATE / 10);
    return lufsOf(this.#mean(gate));
  }

  /** The mean power of the blocks whose class has a mean above `gate`; 0 where there is none. */
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
