import { CHANNELS } from "../media.ts";

/** Taps of each of the four phases. */
const TAPS = 12;
/** How many sample frames after the first of the two that a peak lies between it is known. */
export const PEAK_LAG = TAPS / 2;

/**
 * The true peak of stereo sound (ITU-R BS.1770-5 annex 2): the largest of the four times oversampled signal and of the samples
 * themselves. It reads what lies between two samples at most 0.7 dB low, and that only near 24 kHz.
 */
export class TruePeak {
  /** The last TAPS - 1 frames, then those that are looked at. */
  readonly #line = new Float32Array(CHANNELS * (TAPS - 1 + CHUNK));

  /**
   * The largest true peak of both channels in `pcm`, interleaved stereo of any length, {@link PEAK_LAG} frames late; at least
   * `floor`, below which it may stop looking. Consecutive calls are one continuous stretch of sound.
   */
  push(pcm: Float32Array, floor = 0, from = 0, to = pcm.length): number {
    let peak = floor;
    for (let i = from; i < to; i += CHANNELS * CHUNK) {
      const frames = this.#take(pcm, i, Math.min(to, i + CHANNELS * CHUNK));
      if (this.#largest(frames) * OVERSHOOT > peak) {
        for (let n = 0; n < frames; n++) peak = Math.max(peak, peakAt(this.#line, CHANNELS * n));
      }
      this.#keep(frames);
    }
    return peak;
  }

  /**
   * The same frame by frame: `peaks[n]` is the true peak that is known at frame `n` of `pcm`, 0 where it is certain to be below
   * `floor`. Whether any is not.
   */
  trace(pcm: Float32Array, floor: number, peaks: Float32Array): boolean {
    let hasAny = false;
    for (let i = 0; i < pcm.length; i += CHANNELS * CHUNK) {
      const frames = this.#take(pcm, i, Math.min(pcm.length, i + CHANNELS * CHUNK));
      const first = i / CHANNELS;
      const isLoud = this.#largest(frames) * OVERSHOOT > floor;
      for (let n = 0; n < frames; n++) peaks[first + n] = isLoud ? peakAt(this.#line, CHANNELS * n) : 0;
      hasAny ||= isLoud;
      this.#keep(frames);
    }
    return hasAny;
  }

  /** Forgets what came before. */
  reset(): void {
    this.#line.fill(0);
  }

  #take(pcm: Float32Array, from: number, to: number): number {
    for (let i = from, at = CHANNELS * (TAPS - 1); i < to; i++, at++) this.#line[at] = pcm[i] as number;
    return (to - from) / CHANNELS;
  }

  #largest(frames: number): number {
    let largest = 0;
    for (let i = 0; i < CHANNELS * (TAPS - 1 + frames); i++) {
      const size = Math.abs(this.#line[i] as number);
      if (size > largest) largest = size;
    }
    return largest;
  }

  #keep(frames: number): void {
    this.#line.copyWithin(0, CHANNELS * frames, CHANNELS * (frames + TAPS - 1));
  }
}

/** Frames that are looked at together: where they are too soft to matter, they are not oversampled. */
const CHUNK = 32;

/**
 * The table of annex 2, phases 0 and 1, first tap first. Phases 3 and 2 are the same from the last tap to the first.
 */
const PHASE_0 = [
  0.001708984375, 0.010986328125, -0.0196533203125, 0.033203125, -0.0594482421875, 0.1373291015625,
  0.97216796875, -0.102294921875, 0.047607421875, -0.026611328125, 0.014892578125, -0.00830078125,
];
const PHASE_1 = [
  -0.0291748046875, 0.029296875, -0.0517578125, 0.089111328125, -0.16650390625, 0.465087890625, 0.77978515625,
  -0.2003173828125, 0.1015625, -0.0582275390625, 0.0330810546875, -0.0189208984375,
];
/** By how much the oversampled signal can exceed the largest sample: the largest sum of a phase's taps, signs left out. */
const OVERSHOOT = Math.max(
  ...[PHASE_0, PHASE_1].map((taps) => taps.reduce((sum, tap) => sum + Math.abs(tap), 0)),
);

/** How far from the middle a tap is on the one side: the even and the odd half of a phase at this distance. */
const halves = (taps: readonly number[], sign: 1 | -1) =>
  Float64Array.from(
    { length: PEAK_LAG },
    (_, n) => ((taps[n] as number) + sign * (taps[TAPS - 1 - n] as number)) / 2,
  );
const EVEN_0 = halves(PHASE_0, 1);
const ODD_0 = halves(PHASE_0, -1);
const EVEN_1 = halves(PHASE_1, 1);
const ODD_1 = halves(PHASE_1, -1);

/**
 * The true peak of the TAPS frames of `line` from sample `at` on. A phase and its mirror image are the sum and the difference
 * of an even and an odd part, so that the larger of the two is the sum of these parts' sizes: half the work.
 */
function peakAt(line: Float32Array, at: number): number {
  let peak = 0;
  for (let channel = 0; channel < CHANNELS; channel++) {
    let [even0, odd0, even1, odd1] = [0, 0, 0, 0];
    let low = at + channel;
    let high = low + CHANNELS * (TAPS - 1);
    for (let n = 0; n < PEAK_LAG; n++, low += CHANNELS, high -= CHANNELS) {
      const a = line[low] as number;
      const b = line[high] as number;
      const sum = a + b;
      const difference = a - b;
      even0 += sum * (EVEN_0[n] as number);
      odd0 += difference * (ODD_0[n] as number);
      even1 += sum * (EVEN_1[n] as number);
      odd1 += difference * (ODD_1[n] as number);
    }
    const sample = Math.abs(line[at + channel + CHANNELS * (PEAK_LAG - 1)] as number);
    peak = Math.max(peak, sample, Math.abs(even0) + Math.abs(odd0), Math.abs(even1) + Math.abs(odd1));
  }
  return peak;
}
