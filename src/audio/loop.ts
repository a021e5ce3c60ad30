import { CHANNELS, fromMillis, type Samples, samples } from "../media.ts";

/** Sample frames over which the end of a loop fades into its beginning: 50 ms. A loop has at least twice as many. */
export const SEAM: Samples = fromMillis(50);

/**
 * Makes a piece of sound loop without a click: its last 50 ms fade into its first 50 ms, and the next round then begins at sample
 * frame {@link SEAM}. The piece keeps its length, and its first round keeps its beginning.
 */
export class Loop {
  readonly #head = new Float32Array(CHANNELS * SEAM);
  #headFilled = 0;
  /** The newest 50 ms, which may turn out to be the last. */
  #tail = new Float32Array(0);

  /** Takes the next interleaved stereo. Returns the sound that is certainly not in the last 50 ms. */
  push(pcm: Float32Array): Float32Array {
    const take = Math.min(this.#head.length - this.#headFilled, pcm.length);
    this.#head.set(pcm.subarray(0, take), this.#headFilled);
    this.#headFilled += take;
    const all = new Float32Array(this.#tail.length + pcm.length);
    all.set(this.#tail);
    all.set(pcm, this.#tail.length);
    const out = Math.max(0, all.length - CHANNELS * SEAM);
    this.#tail = all.slice(out);
    return all.subarray(0, out);
  }

  /** Returns the last 50 ms, faded into the first. */
  flush(): Float32Array {
    const out = new Float32Array(this.#tail.length);
    const frames = samples(out.length / CHANNELS);
    for (let i = 0; i < out.length; i++) {
      const turned = Math.floor(i / CHANNELS) / frames;
      const gain = 0.5 - 0.5 * Math.cos(Math.PI * turned);
      out[i] = (1 - gain) * (this.#tail[i] as number) + gain * (this.#head[i] as number);
    }
    return out;
  }
}
