import { CHANNELS, SAMPLE_RATE, type Samples, samples } from "../media.ts";
import { GainCurve } from "./gain-curve.ts";
import { CHUNK, TruePeak } from "./true-peak.ts";

/** How long the limiter holds sound back: 5 ms. It moves sound on the timeline by as much. */
export const LOOK_AHEAD: Samples = samples(SAMPLE_RATE / 200);
/**
 * The highest true peak that comes out, as TruePeak measures it: -1 dBFS, less what TruePeak may miss. A longer filter finds the
 * peaks of white noise 0.5 dB higher.
 */
const CEILING = 10 ** (-1.7 / 20);

/**
 * A look-ahead limiter: its gain has already fallen when a peak comes out, smoothly and for both channels alike. So no true peak
 * (ITU-R BS.1770-5) is above -1 dBFS. Sound whose peaks are lower passes bit for bit, {@link LOOK_AHEAD} later.
 */
export class Limiter {
  readonly #truePeak = new TruePeak();
  readonly #curve = new GainCurve(LOOK_AHEAD);
  /** Sound that has gone in and not come out. */
  readonly #held = new Float32Array(CHANNELS * LOOK_AHEAD);

  /** Takes interleaved stereo; returns as many sample frames in a new array. Consecutive calls are one continuous stretch. */
  push(pcm: Float32Array): Float32Array {
    const out = new Float32Array(pcm.length);
    const kept = Math.min(pcm.length, this.#held.length);
    out.set(this.#held.subarray(0, kept));
    if (pcm.length > kept) out.set(pcm.subarray(0, pcm.length - kept), kept);
    this.#held.copyWithin(0, kept);
    this.#held.set(pcm.subarray(pcm.length - kept), this.#held.length - kept);
    for (let i = 0; i < pcm.length; i += CHANNELS * CHUNK) {
      const end = Math.min(pcm.length, i + CHANNELS * CHUNK);
      const allowed = CEILING / this.#truePeak.push(pcm, CEILING, i, end);
      if (allowed < 1 || !this.#curve.isUnity) this.#turn(out, i, end, allowed);
    }
    return out;
  }

  #turn(out: Float32Array, from: number, to: number, allowed: number): void {
    for (let i = from; i < to; i += CHANNELS) {
      const gain = this.#curve.next(allowed);
      out[i] = (out[i] as number) * gain;
      out[i + 1] = (out[i + 1] as number) * gain;
    }
  }

  /** Whether all that has gone in has come out, digital silence aside. */
  get isEmpty(): boolean {
    return this.#held.every((value) => value === 0);
  }
}
