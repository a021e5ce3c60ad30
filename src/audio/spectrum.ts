/**
 * The power spectrum of a stretch of real samples under a Hann window, by a radix-2 FFT of half the length on pairs of samples.
 * A sine of amplitude a in the middle of a bin has power a^2 there.
 */
export class Spectrum {
  /** Samples in a stretch, a power of two. */
  readonly size: number;
  readonly #window: Float64Array;
  /** The twiddle factors exp(-2 pi i k / size), for k below half of the size. */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  /** Where each pair of samples goes before the first stage: its index with the bits reversed. */
  readonly #place: Uint16Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  constructor(size: number) {
    this.size = size;
    const half = size / 2;
    const turn = (k: number) => (2 * Math.PI * k) / size;
    // A Hann window halves the amplitude of a sine, and half of that lies at the negative frequency: hence the factor.
    this.#window = Float64Array.from({ length: size }, (_, n) => (2 / size) * (1 - Math.cos(turn(n))));
    this.#cos = Float64Array.from({ length: half }, (_, k) => Math.cos(turn(k)));
    this.#sin = Float64Array.from({ length: half }, (_, k) => -Math.sin(turn(k)));
    this.#place = new Uint16Array(half);
    for (let n = 1; n < half; n++) {
      this.#place[n] = ((this.#place[n >> 1] as number) >> 1) | (n & 1 ? half >> 1 : 0);
    }
    this.#re = new Float64Array(half);
    this.#im = new Float64Array(half);
  }

  /** Writes the power of bins 0 to `power.length - 1` (at most half of {@link size}). `samples` must be as many as the size. */
  read(samples: Float32Array, power: Float64Array): void {
    const re = this.#re;
    const im = this.#im;
    const window = this.#window;
    const half = this.size / 2;
    for (let n = 0; n < half; n++) {
      const to = this.#place[n] as number;
      re[to] = (samples[2 * n] as number) * (window[2 * n] as number);
      im[to] = (samples[2 * n + 1] as number) * (window[2 * n + 1] as number);
    }
    this.#transform();
    power[0] = ((re[0] as number) + (im[0] as number)) ** 2;
    for (let k = 1; k < power.length; k++) {
      const a = re[k] as number;
      const b = im[k] as number;
      const c = re[half - k] as number;
      const d = im[half - k] as number;
      const cos = this.#cos[k] as number;
      const sin = this.#sin[k] as number;
      // Adds the spectra of the even and of the odd samples; the latter are turned by half a pair, one sample.
      const oddRe = b + d;
      const oddIm = c - a;
      const real = (a + c + cos * oddRe - sin * oddIm) / 2;
      const imaginary = (b - d + cos * oddIm + sin * oddRe) / 2;
      power[k] = real * real + imaginary * imaginary;
    }
  }

  #transform(): void {
    const re = this.#re;
    const im = this.#im;
    const cos = this.#cos;
    const sin = this.#sin;
    const half = this.size / 2;
    for (let span = 1; span < half; span *= 2) {
      const step = half / span;
      for (let k = 0; k < span; k++) {
        const wr = cos[k * step] as number;
        const wi = sin[k * step] as number;
        for (let n = k; n < half; n += 2 * span) {
          const m = n + span;
          const xr = re[m] as number;
          const xi = im[m] as number;
          const tr = wr * xr - wi * xi;
          const ti = wr * xi + wi * xr;
          const yr = re[n] as number;
          const yi = im[n] as number;
          re[m] = yr - tr;
          im[m] = yi - ti;
          re[n] = yr + tr;
          im[n] = yi + ti;
        }
      }
    }
  }
}
