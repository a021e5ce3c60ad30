import { CHANNELS } from "../media.ts";
import { Limiter } from "./limiter.ts";

/** Sums lines, with a {@link Limiter} over the sum: what it gives comes LOOK_AHEAD (limiter.ts) later. */
export class Mixer {
  readonly #limiter = new Limiter();

  /**
   * The sum of `lines`, each interleaved stereo of `frames` sample frames (RangeError if not); a new array. Without lines it is
   * silence. Consecutive calls are one continuous stretch of sound.
   */
  mix(lines: readonly Float32Array[], frames: number): Float32Array {
    return this.#limiter.push(sumOf(lines, frames));
  }

  /** Whether all that was mixed has come out, but for digital silence. */
  get isEmpty(): boolean {
    return this.#limiter.isEmpty;
  }
}

/** The sum of `lines` as it is ({@link Mixer.mix}); it may be beyond full scale. */
export function sumOf(lines: readonly Float32Array[], frames: number): Float32Array {
  const sum = new Float32Array(CHANNELS * frames);
  for (const [n, line] of lines.entries()) {
    if (line.length !== sum.length) throw new RangeError(`A line of ${line.length}, not ${sum.length}`);
    if (n === 0) sum.set(line);
    else for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (line[i] as number);
  }
  return sum;
}
