import { CHANNELS } from "../media.ts";

/** Input sample frames that make one output frame, half of them before it. */
export const TAPS = 32;
/** Sample frames of input needed after the one at the read position. */
export const LOOKAHEAD = TAPS / 2;
/** Sample frames of input needed before the one at the read position. */
export const LOOKBEHIND = TAPS / 2 - 1;

const PHASES = 256;
/** Kaiser's beta: stopband about -90 dB. */
const BETA = 9;
/**
 * Relative to the input's Nyquist frequency. The band is left whole, since a speed that is off by 0.5 % (2 % in quiet sound)
 * aliases nothing audible.
 */
const CUTOFF = 0.96;
const KERNEL = kernel();

/**
 * Reads `count` frames from `input` (interleaved stereo) into `out`, from its frame `outAt` on. The n-th is read at
 * `position + n * speed` of the input. Positions are in sample frames; `input` must hold {@link LOOKBEHIND} frames before the
 * first position and {@link LOOKAHEAD} after the last.
 *
 * It is band-limited interpolation by a windowed sinc (J. O. Smith, "Digital Audio Resampling Home Page"), with coefficients
 * interpolated linearly between {@link PHASES} phases. At whole positions and speed 1 it is an exact copy.
 */
export function resample(
  input: Float32Array,
  position: number,
  speed: number,
  out: Float32Array,
  outAt: number,
  count: number,
): void {
  if (speed === 1 && Number.isInteger(position)) {
    const from = CHANNELS * position;
    out.set(input.subarray(from, from + CHANNELS * count), CHANNELS * outAt);
    return;
  }
  for (let n = 0; n < count; n++) {
    const at = position + n * speed;
    const whole = Math.floor(at);
    const phase = (at - whole) * PHASES;
    const row = Math.floor(phase);
    const part = phase - row;
    const from = row * TAPS;
    let left = 0;
    let right = 0;
    let i = CHANNELS * (whole - LOOKBEHIND);
    for (let tap = from; tap < from + TAPS; tap++) {
      const low = KERNEL[tap] as number;
      const weight = low + part * ((KERNEL[tap + TAPS] as number) - low);
      left += weight * (input[i] as number);
      right += weight * (input[i + 1] as number);
      i += CHANNELS;
    }
    out[CHANNELS * (outAt + n)] = left;
    out[CHANNELS * (outAt + n) + 1] = right;
  }
}

/** PHASES + 1 rows of TAPS coefficients, each row of unit gain at 0 Hz. */
function kernel(): Float64Array {
  const rows = new Float64Array((PHASES + 1) * TAPS);
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const x = tap - LOOKBEHIND - phase / PHASES;
      const weight = sinc(x * CUTOFF) * kaiser(x / (TAPS / 2));
      rows[phase * TAPS + tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < TAPS; tap++) {
      rows[phase * TAPS + tap] = (rows[phase * TAPS + tap] as number) / sum;
    }
  }
  return rows;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) > 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA);
}

/** The modified Bessel function of the first kind, order 0, by its power series. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
