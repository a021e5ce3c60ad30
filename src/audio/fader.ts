import { CHANNELS, fromMillis } from "../media.ts";

/** Duration of a gain change, samples: long enough not to click. */
const RAMP = fromMillis(10);

/** A gain that changes without a click. While it is 1, sound passes bit for bit. */
export class Fader {
  #gain: number;
  #from: number;
  #to: number;
  /** Sample frames of the ramp that are still to come. */
  #left = 0;

  constructor(gain: number) {
    this.#gain = gain;
    this.#from = gain;
    this.#to = gain;
  }

  /** Applies the gain in place to `pcm`, interleaved stereo, and moves it to `gain`, at least 0, within 10 ms. */
  apply(pcm: Float32Array, gain: number): void {
    if (gain !== this.#to) {
      this.#from = this.#gain;
      this.#to = gain;
      this.#left = RAMP;
    }
    const change = this.#from - this.#to;
    let left = this.#left;
    let now = this.#gain;
    let i = 0;
    for (; left > 0 && i < pcm.length; i += CHANNELS) {
      left--;
      now = this.#to + (change * left) / RAMP;
      pcm[i] = (pcm[i] as number) * now;
      pcm[i + 1] = (pcm[i + 1] as number) * now;
    }
    this.#left = left;
    this.#gain = now;
    if (this.#gain === 1) return;
    for (; i < pcm.length; i++) pcm[i] = (pcm[i] as number) * this.#gain;
  }

  /** Sets the gain at once: for silence, where a step makes no click. */
  set(gain: number): void {
    this.#gain = gain;
    this.#from = gain;
    this.#to = gain;
    this.#left = 0;
  }
}
