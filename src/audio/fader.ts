import { CHANNELS, fromMillis } from "../media.ts";

/** A change of gain takes so long, so that it makes no click. */
const RAMP = fromMillis(10);

/** A gain that is changed without a click. Sound passes bit for bit while it is 1. */
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

  /** Turns `pcm`, interleaved stereo, in place to `gain`, at least 0, within 10 ms. */
  apply(pcm: Float32Array, gain: number): void {
    if (gain !== this.#to) {
      this.#from = this.#gain;
      this.#to = gain;
      this.#left = RAMP;
    }
    let i = 0;
    for (; this.#left > 0 && i < pcm.length; i += CHANNELS) {
      this.#left--;
      this.#gain = this.#to + ((this.#from - this.#to) * this.#left) / RAMP;
      pcm[i] = (pcm[i] as number) * this.#gain;
      pcm[i + 1] = (pcm[i + 1] as number) * this.#gain;
    }
    if (this.#gain === 1) return;
    for (; i < pcm.length; i++) pcm[i] = (pcm[i] as number) * this.#gain;
  }

  /** The same in silence: it is at `gain` at once. */
  set(gain: number): void {
    this.#gain = gain;
    this.#from = gain;
    this.#to = gain;
    this.#left = 0;
  }
}
