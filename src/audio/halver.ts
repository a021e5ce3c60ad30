/** The odd taps of a half-band low pass on one side of its middle, by a Hamming window; the even ones are zero. */
function halfBand(count: number): Float64Array {
  const reach = 2 * count;
  const taps = Float64Array.from({ length: count }, (_, n) => {
    const at = 2 * n + 1;
    const sine = (n % 2 === 0 ? 1 : -1) / (Math.PI * at);
    return sine * (0.54 + 0.46 * Math.cos((Math.PI * at) / reach));
  });
  // The taps of both sides and the middle one, which is a half, are to sum up to 1.
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / (4 * sum));
}

/** Halves the sample rate of a mono signal: a half-band low pass of 4 x `count` - 1 taps, of which it computes every other value. */
export class Halver {
  readonly #taps: Float64Array;
  /** What the low pass reaches over, and behind it the samples at hand. */
  readonly #line: Float64Array;
  readonly #out: Float64Array;
  readonly #reach: number;

  /** @param most the most samples that are pushed at once */
  constructor(count: number, most: number) {
    this.#taps = halfBand(count);
    this.#reach = 4 * count - 2;
    this.#line = new Float64Array(this.#reach + most);
    this.#out = new Float64Array(most / 2);
  }

  /** Takes an even number of samples, gives half as many, which are there until the next push. */
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
