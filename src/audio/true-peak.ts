import { CHANNELS } from "../media.ts";

/** Taps of each of the four phases. */
const TAPS = 12;
/** How many sample frames after the first of the two that a peak lies between it is known. */
export const PEAK_LAG = TAPS / 2;
/** Frames that are looked at together: where they are too soft to matter, they are not oversampled. */
export const CHUNK = 32;
/** By how much an oversampled signal can exceed its largest sample: the largest sum of a phase's taps, signs left out. */
const OVERSHOOT = 2.03;

/**
 * The true peak of stereo sound (ITU-R BS.1770-5 annex 2): the largest of the four times oversampled signal and of the samples
 * themselves. What lies between two samples is read up to 0.6 dB low where it is near 24 kHz, by the filter that the annex gives.
 */
export class TruePeak {
  /** Of each channel, the last TAPS - 1 samples, then those that are looked at. Doubles, which arithmetic takes as they are. */
  readonly #left = new Float64Array(TAPS - 1 + CHUNK);
  readonly #right = new Float64Array(TAPS - 1 + CHUNK);
  /** The largest sample of the chunk before, and of this one. */
  #before = 0;
  #largest = 0;

  /**
   * The largest true peak of both channels in `pcm`, interleaved stereo, from its sample `from` to before `to`, both even,
   * {@link PEAK_LAG} frames late; at least `floor`, below which it does not look closely. Consecutive calls are one continuous
   * stretch of sound.
   */
  push(pcm: Float32Array, floor = 0, from = 0, to = pcm.length): number {
    let peak = floor;
    for (let i = from; i < to; i += CHANNELS * CHUNK) {
      const frames = this.#take(pcm, i, Math.min(to, i + CHANNELS * CHUNK));
      if (Math.max(this.#before, this.#largest) * OVERSHOOT > peak)
        peak = peakOf(this.#right, frames, peakOf(this.#left, frames, peak));
      this.#left.copyWithin(0, frames, frames + TAPS - 1);
      this.#right.copyWithin(0, frames, frames + TAPS - 1);
      // A chunk that is shorter than the filter leaves some of the one before.
      this.#before = frames < TAPS ? Math.max(this.#before, this.#largest) : this.#largest;
    }
    return peak;
  }

  /** Appends what is looked at now; how many frames it is. */
  #take(pcm: Float32Array, from: number, to: number): number {
    let largest = 0;
    for (let i = from, at = TAPS - 1; i < to; i += CHANNELS, at++) {
      const left = pcm[i] as number;
      const right = pcm[i + 1] as number;
      this.#left[at] = left;
      this.#right[at] = right;
      const a = Math.abs(left);
      const b = Math.abs(right);
      if (a > largest) largest = a;
      if (b > largest) largest = b;
    }
    this.#largest = largest;
    return (to - from) / CHANNELS;
  }
}

/**
 * The largest true peak, at least `floor`, of `frames` stretches of TAPS samples of `line`: of the four phases of annex 2, and of
 * the sample in their middle.
 *
 * Phases 3 and 2 are 0 and 1 from the last tap to the first. So each is the sum, and its mirror image the difference, of what the
 * taps' even half makes of sums of samples and their odd half of differences, and the larger of the two is the sum of both
 * sizes: half the work. It is written out, because a loop over a table takes seven times as long.
 */
function peakOf(line: Float64Array, frames: number, floor: number): number {
  let peak = floor;
  for (let n = 0; n < frames; n++) {
    const s0 = (line[n + 0] as number) + (line[n + 11] as number);
    const d0 = (line[n + 0] as number) - (line[n + 11] as number);
    const s1 = (line[n + 1] as number) + (line[n + 10] as number);
    const d1 = (line[n + 1] as number) - (line[n + 10] as number);
    const s2 = (line[n + 2] as number) + (line[n + 9] as number);
    const d2 = (line[n + 2] as number) - (line[n + 9] as number);
    const s3 = (line[n + 3] as number) + (line[n + 8] as number);
    const d3 = (line[n + 3] as number) - (line[n + 8] as number);
    const s4 = (line[n + 4] as number) + (line[n + 7] as number);
    const d4 = (line[n + 4] as number) - (line[n + 7] as number);
    const s5 = (line[n + 5] as number) + (line[n + 6] as number);
    const d5 = (line[n + 5] as number) - (line[n + 6] as number);
    const even0 =
      -0.0032958984375 * s0 +
      0.012939453125 * s1 -
      0.02313232421875 * s2 +
      0.0404052734375 * s3 -
      0.08087158203125 * s4 +
      0.55474853515625 * s5;
    const odd0 =
      0.0050048828125 * d0 -
      0.001953125 * d1 +
      0.00347900390625 * d2 -
      0.0072021484375 * d3 +
      0.02142333984375 * d4 -
      0.41741943359375 * d5;
    const even1 =
      -0.0240478515625 * s0 +
      0.03118896484375 * s1 -
      0.05499267578125 * s2 +
      0.0953369140625 * s3 -
      0.18341064453125 * s4 +
      0.6224365234375 * s5;
    const odd1 =
      -0.005126953125 * d0 -
      0.00189208984375 * d1 +
      0.00323486328125 * d2 -
      0.0062255859375 * d3 +
      0.01690673828125 * d4 -
      0.1573486328125 * d5;
    const sample = Math.abs(line[n + 5] as number);
    const outer = Math.abs(even0) + Math.abs(odd0);
    const inner = Math.abs(even1) + Math.abs(odd1);
    if (sample > peak) peak = sample;
    if (outer > peak) peak = outer;
    if (inner > peak) peak = inner;
  }
  return peak;
}
