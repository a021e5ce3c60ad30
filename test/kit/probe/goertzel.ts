export interface Complex {
  readonly re: number;
  readonly im: number;
}

/**
 * The complex amplitude of `hz` in the Hann-windowed samples [from, from + length), normalised so that a sine of amplitude a
 * gives magnitude a. Its phase is relative to the recording's first sample, not to `from`. Samples outside the recording count
 * as silence.
 */
export function goertzel(pcm: Float32Array, from: number, length: number, hz: number, rate: number): Complex {
  const taper = hann(length);
  const step = (2 * Math.PI * hz) / rate;
  const turn = 2 * Math.cos(step);
  let s1 = 0;
  let s2 = 0;
  for (let i = 0; i < length; i++) {
    const s0 = (pcm[from + i] ?? 0) * (taper[i] ?? 0) + turn * s1 - s2;
    s2 = s1;
    s1 = s0;
  }
  // s1 - s2 e^{-j step} is the sum, turned by the phase of the last sample; turn it back to the recording's first sample.
  const re = s1 - s2 * Math.cos(step);
  const im = s2 * Math.sin(step);
  const back = -step * (from + length - 1);
  const scale = 4 / length;
  return {
    re: scale * (re * Math.cos(back) - im * Math.sin(back)),
    im: scale * (re * Math.sin(back) + im * Math.cos(back)),
  };
}

export function magnitude(z: Complex): number {
  return Math.hypot(z.re, z.im);
}

const tapers = new Map<number, Float64Array>();

function hann(length: number): Float64Array {
  let taper = tapers.get(length);
  if (!taper) {
    taper = Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
    tapers.set(length, taper);
  }
  return taper;
}
