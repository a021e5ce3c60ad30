import { CHANNELS, SAMPLE_RATE, type Samples, samples } from "../media.ts";
import { GainCurve } from "./gain-curve.ts";
import { TruePeak } from "./true-peak.ts";

/** How much later than it went in sound comes out: 5 ms. It moves by as much on the timeline. */
export const LOOK_AHEAD: Samples = samples(SAMPLE_RATE / 200);
/**
 * What no true peak exceeds: -1 dBFS, and a little less, because what is found between two samples can be up to 0.3 dB too low
 * where sound is near 24 kHz, and because a gain that changes makes overtones of its own.
 */
const CEILING = 10 ** (-1.3 / 20);

/**
 * A look-ahead limiter: its gain has fallen when a peak comes, smoothly and for both channels alike, so that no true peak
 * (ITU-R BS.1770-5) is above -1 dBFS. Sound whose peaks are below passes bit for bit, {@link LOOK_AHEAD} later.
 */
export class Limiter {
  readonly #truePeak = new TruePeak();
  readonly #curve = new GainCurve(LOOK_AHEAD);
  /** What has gone in and not come out. */
  readonly #held = new Float32Array(CHANNELS * LOOK_AHEAD);
  #peaks = new Float32Array(0);

  /** As many sample frames as `pcm` has, interleaved stereo; a new array. Consecutive calls are one continuous stretch. */
  push(pcm: Float32Array): Float32Array {
    const frames = pcm.length / CHANNELS;
    if (this.#peaks.length < frames) this.#peaks = new Float32Array(frames);
    const isLoud = this.#truePeak.trace(pcm, CEILING, this.#peaks);
    const out = new Float32Array(pcm.length);
    const kept = Math.min(pcm.length, this.#held.length);
    out.set(this.#held.subarray(0, kept));
    if (pcm.length > kept) out.set(pcm.subarray(0, pcm.length - kept), kept);
    this.#held.copyWithin(0, kept);
    this.#held.set(pcm.subarray(pcm.length - kept), this.#held.length - kept);
    if (!isLoud && this.#curve.isUnity) return out;
    for (let n = 0, i = 0; n < frames; n++, i += CHANNELS) {
      const peak = this.#peaks[n] as number;
      const gain = this.#curve.next(peak > CEILING ? CEILING / peak : 1);
      out[i] = (out[i] as number) * gain;
      out[i + 1] = (out[i + 1] as number) * gain;
    }
    return out;
  }

  /** Whether all that has gone in has come out, but for digital silence. */
  get isEmpty(): boolean {
    return this.#held.every((value) => value === 0);
  }
}
