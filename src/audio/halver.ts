/** Returns the odd taps on one side of the centre of a half-band low pass (Hamming window); its even taps are zero. */
function halfBand(count: number): Float64Array {
  const reach = 2 * count;
  const taps = Float64Array.from({ length: count }, (_, n) => {
    const at = 2 * n + 1;
    const sine = (n % 2 === 0 ? 1 : -1) / (Math.PI * at);
    return sine * (0.54 + 0.46 * Math.cos((Math.PI * at) / reach));
  });
  // All taps must sum to 1: those of both sides, and the centre tap, which is 0.5.
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / (4 * sum));
}

/** Halves the sample rate of a mono signal by a half-band low pass of 4 x `count` - 1 taps; computes every other output only. */
export class Halver {
  readonly #taps: Float64Array;
  /** The past samples that the low pass needs, then the pushed samples. */
  readonly #line: Float64Array;
  readonly #out: Float64Array;
  readonly #reach: number;

  /** @param most the most samples in one push */
  constructor(count: number, most: number) {
    this.#taps = halfBand(count);
    this.#reach = 4 * count - 2;
    this.#line = new Float64Array(this.#reach + most);
    this.#out = new Float64Array(most / 2);
  }

  /** Takes an even number of samples and returns half as many, in an array that is valid until the next push. */
  push(samples: Float64Array): Float64Array {
    const [line, taps, reach, half] = [this.#line, this.#taps, this.#reach, samples.length / 2];
    line.set(samples, reach);
    for (let n = 0; n < half; n++) {
      const at = 2 * n + reach / 2;
      let sum = 0.5 * (line[at] as number);
      for (let k = 0; k < taps.length; k++) {
        sum += (taps[k] as number) * ((line[at - 2 * k - 1] as number) + (line[at + 2 * k + 1] as number));
      }
      this.#out[n] = sum;
    }
    line.copyWithin(0, samples.length, reach + samples.length);
    return this.#out.subarray(0, half);
  }
}
