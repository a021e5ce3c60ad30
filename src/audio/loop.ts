import { CHANNELS, fromMillis, type Samples, samples } from "../media.ts";

/** Sample frames over which the end of a loop fades into its beginning: 50 ms. What is looped has at least twice as many. */
export const SEAM: Samples = fromMillis(50);

/**
 * Makes a piece that goes round without a click: its last 50 ms fade into its first 50 ms, and after them comes what follows
 * those, sample frame {@link SEAM}. It stays as long as it was, and its first round begins as it did.
 */
export class Loop {
  readonly #head = new Float32Array(CHANNELS * SEAM);
  #headFilled = 0;
  /** The newest 50 ms, which may be the last. */
  #tail = new Float32Array(0);

  /** Takes the next interleaved stereo; what is certain not to be in the last 50 ms. */
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

  /** The last 50 ms. */
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
