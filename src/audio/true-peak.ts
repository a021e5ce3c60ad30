import { CHANNELS } from "../media.ts";

/** Taps of each of the four phases. */
const TAPS = 12;
/** A peak between two samples is known this many sample frames after the first of the two. */
export const PEAK_LAG = TAPS / 2;
/** Frames that are examined together: if they are too soft to matter, they are not oversampled. */
export const CHUNK = 32;
/** By what factor an oversampled signal can exceed its largest sample: the largest sum of a phase's absolute taps. */
const OVERSHOOT = 2.03;
/**
 * A closer bound, for sound that bends little from sample to sample: NEAR times the largest sample, plus BENT times the largest
 * second difference. A phase is a straight line between the two samples in its middle (their weights sum up to 1.00159), plus taps
 * whose sum and first moment are 0, thus a sum over second differences (the largest sum of its absolute weights is 0.56971).
 */
const NEAR = 1.0016;
const BENT = 0.5698;

/**
 * The true peak of stereo sound (ITU-R BS.1770-5 annex 2): the largest value of the four times oversampled signal and of the
 * samples themselves. The annex's filter reads peaks between samples up to 0.6 dB low for tones near 24 kHz.
 */
export class TruePeak {
  /** Per channel: the last TAPS - 1 samples, then those being examined. Doubles, which arithmetic takes without conversion. */
  readonly #left = new Float64Array(TAPS - 1 + CHUNK);
  readonly #right = new Float64Array(TAPS - 1 + CHUNK);
  /** The largest absolute sample of the chunk before, and of this one. */
  #before = 0;
  #largest = 0;
  /** The same of the second differences. */
  #bendBefore = 0;
  #bend = 0;
  /** Whether both channels of the chunk before, and of this one, are the same. */
  #wasMono = true;
  #isMono = true;

  /**
   * Returns the largest true peak of both channels in `pcm`, interleaved stereo, from its sample `from` to before `to`, both
   * even, {@link PEAK_LAG} frames late. It returns at least `floor`, and need not look closely at softer sound. Consecutive calls
   * are one continuous stretch of sound.
   */
  push(pcm: Float32Array, floor = 0, from = 0, to = pcm.length): number {
    let peak = floor;
    for (let i = from; i < to; i += CHANNELS * CHUNK) {
      const frames = this.#take(pcm, i, Math.min(to, i + CHANNELS * CHUNK));
      if (this.#bound > peak) {
        peak = peakOf(this.#left, frames, peak);
        if (!this.#isMono || !this.#wasMono) peak = peakOf(this.#right, frames, peak);
      }
      this.#left.copyWithin(0, frames, frames + TAPS - 1);
      this.#right.copyWithin(0, frames, frames + TAPS - 1);
      // After a chunk that is shorter than the filter, samples of the one before are still in its reach.
      const isShort = frames < TAPS;
      this.#before = isShort ? Math.max(this.#before, this.#largest) : this.#largest;
      this.#bendBefore = isShort ? Math.max(this.#bendBefore, this.#bend) : this.#bend;
      this.#wasMono = this.#isMono && (this.#wasMono || !isShort);
    }
    return peak;
  }

  /** No true peak that the present chunk makes known is higher. */
  get #bound(): number {
    const most = Math.max(this.#before, this.#largest);
    return Math.min(most * OVERSHOOT, most * NEAR + Math.max(this.#bendBefore, this.#bend) * BENT);
  }

  /** Appends the samples to examine; returns how many frames they are. */
  #take(pcm: Float32Array, from: number, to: number): number {
    const leftLine = this.#left;
    const rightLine = this.#right;
    let largest = 0;
    let bend = 0;
    let isMono = true;
    let left = leftLine[TAPS - 2] as number;
    let right = rightLine[TAPS - 2] as number;
    let leftStep = left - (leftLine[TAPS - 3] as number);
    let rightStep = right - (rightLine[TAPS - 3] as number);
    for (let i = from, at = TAPS - 1; i < to; i += CHANNELS, at++) {
      const nextLeft = pcm[i] as number;
      const nextRight = pcm[i + 1] as number;
      leftLine[at] = nextLeft;
      rightLine[at] = nextRight;
      if (nextLeft !== nextRight) isMono = false;
      const nextLeftStep = nextLeft - left;
      const nextRightStep = nextRight - right;
      const a = Math.abs(nextLeft);
      const b = Math.abs(nextRight);
      if (a > largest) largest = a;
      if (b > largest) largest = b;
      const c = Math.abs(nextLeftStep - leftStep);
      const d = Math.abs(nextRightStep - rightStep);
      if (c > bend) bend = c;
      if (d > bend) bend = d;
      left = nextLeft;
      right = nextRight;
      leftStep = nextLeftStep;
      rightStep = nextRightStep;
    }
    this.#largest = largest;
    this.#bend = bend;
    this.#isMono = isMono;
    return (to - from) / CHANNELS;
  }
}

/**
 * Returns the largest true peak, at least `floor`, of `frames` stretches of TAPS samples of `line`: by the four phases of
 * annex 2, and by the sample in the middle of each stretch.
 *
 * Phases 3 and 2 are phases 0 and 1 with the taps reversed. So a phase is even + odd, and its mirror image even - odd: the even
 * half of the taps is applied to sums of samples, the odd half to differences. The larger of the two is |even| + |odd|, which
 * is half the work. It is written out because a loop over a table takes seven times as long.
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
