import { CHANNELS, SAMPLE_RATE } from "../media.ts";
import { peakOf } from "./pcm.ts";

/** How much of the way back to unity gain the limiter goes per sample frame: 63 % in 150 ms. */
const RELEASE = 1 / (0.15 * SAMPLE_RATE);
/** From here on the gain is taken to be 1 again, so that sound passes bit for bit. The difference is -100 dB: inaudible. */
const UNITY = 1 - 1e-5;

/**
 * Sums hosts, with a limiter over the sum: gain falls at once to hold the peak at full scale and comes back slowly.
 *
 * A sum within full scale passes bit for bit, whichever hosts it is made of. There is no look-ahead, and so no delay: a first
 * peak beyond full scale is cut off at it. Both channels have the same gain, so the stereo image stays.
 */
export class Mixer {
  #gain = 1;

  /**
   * The sum of `lines`, each interleaved stereo of `frames` sample frames (RangeError if not), in [-1, 1]; a new array.
   * Without lines it is silence. Consecutive calls are one continuous stretch of sound.
   */
  mix(lines: readonly Float32Array[], frames: number): Float32Array {
    const mixed = new Float32Array(CHANNELS * frames);
    for (const [n, line] of lines.entries()) {
      if (line.length !== mixed.length) throw new RangeError(`A line of ${line.length}, not ${mixed.length}`);
      if (n === 0) mixed.set(line);
      else for (let i = 0; i < mixed.length; i++) mixed[i] = (mixed[i] as number) + (line[i] as number);
    }
    let gain = this.#gain;
    // Most sound needs no limiting, and a look for its peak is cheaper than the limiter.
    if (gain === 1 && peakOf(mixed) <= 1) return mixed;
    for (let i = 0; i < mixed.length; i += CHANNELS) {
      const left = mixed[i] as number;
      const right = mixed[i + 1] as number;
      const peak = Math.max(Math.abs(left), Math.abs(right));
      if (gain === 1 && peak <= 1) continue;
      gain += (1 - gain) * RELEASE;
      if (gain > UNITY) gain = 1;
      if (peak * gain > 1) gain = 1 / peak;
      mixed[i] = clip(left * gain);
      mixed[i + 1] = clip(right * gain);
    }
    this.#gain = gain;
    return mixed;
  }
}

/** The rounding of `peak * (1 / peak)` may pass full scale by one bit. */
function clip(value: number): number {
  return Math.min(1, Math.max(-1, value));
}
