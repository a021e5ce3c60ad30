import { CHANNELS } from "../media.ts";
import { Limiter } from "./limiter.ts";

/** Sums lines and puts a {@link Limiter} over the sum, which delays it by LOOK_AHEAD (limiter.ts). */
export class Mixer {
  readonly #limiter = new Limiter();

  /**
   * Returns the limited sum of `lines`, each interleaved stereo of `frames` sample frames (RangeError if not), in a new array.
   * Without lines it mixes silence. Consecutive calls are one continuous stretch of sound.
   */
  mix(lines: readonly Float32Array[], frames: number): Float32Array {
    return this.#limiter.push(sumOf(lines, frames));
  }

  /** Whether all mixed sound has come out, digital silence aside. */
  get isEmpty(): boolean {
    return this.#limiter.isEmpty;
  }
}

/** Returns the sum of `lines` without a limiter (arguments as for {@link Mixer.mix}); it may exceed full scale. */
export function sumOf(lines: readonly Float32Array[], frames: number): Float32Array {
  const sum = new Float32Array(CHANNELS * frames);
  for (const [n, line] of lines.entries()) {
    if (line.length !== sum.length) throw new RangeError(`A line of ${line.length}, not ${sum.length}`);
    if (n === 0) sum.set(line);
    else for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (line[i] as number);
  }
  return sum;
}
