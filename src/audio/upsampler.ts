import { CHANNELS, SAMPLE_RATE } from "../media.ts";
import { frameCount } from "./pcm.ts";
import { LOOKAHEAD, LOOKBEHIND, resample } from "./resampler.ts";

/** How many sample frames at 48 kHz `frames` sample frames at `rate` make. */
export function framesAt48(frames: number, rate: 44_100 | 48_000): number {
  return Math.floor((frames * SAMPLE_RATE) / rate);
}

/** Converts a stream of interleaved stereo at 44.1 or 48 kHz to 48 kHz; a stream at 48 kHz passes unchanged. */
export class Upsampler {
  readonly #speed: number;
  /** Input that is still needed. Its first sample frame is number {@link #first} of the stream, which has silence before it. */
  #input = new Float32Array(CHANNELS * LOOKBEHIND);
  #first = -LOOKBEHIND;
  /** Sample frames that have come out. */
  #made = 0;

  constructor(rate: 44_100 | 48_000) {
    this.#speed = rate / SAMPLE_RATE;
  }

  /** Takes the next input. Returns the output that all input so far allows. */
  push(pcm: Float32Array): Float32Array {
    if (this.#speed === 1) return pcm;
    const input = new Float32Array(this.#input.length + pcm.length);
    input.set(this.#input);
    input.set(pcm, this.#input.length);
    const end = this.#first + frameCount(input) - LOOKAHEAD;
    const count = Math.max(0, Math.ceil(end / this.#speed) - this.#made);
    const out = new Float32Array(CHANNELS * count);
    resample(input, this.#made * this.#speed - this.#first, this.#speed, out, 0, count);
    this.#made += count;
    const used = Math.max(0, Math.floor(this.#made * this.#speed) - LOOKBEHIND - this.#first);
    this.#input = input.slice(CHANNELS * used);
    this.#first += used;
    return out;
  }

  /** Returns the rest, so that `total` sample frames have come out; those without input are silent. */
  flush(total: number): Float32Array {
    const left = total - this.#made;
    const rest = this.push(new Float32Array(CHANNELS * (LOOKAHEAD + 1)));
    const out = new Float32Array(CHANNELS * Math.max(0, this.#speed === 1 ? 0 : left));
    out.set(rest.subarray(0, out.length));
    return out;
  }
}
