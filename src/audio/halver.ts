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
  /** What the low pass reaches over, and behind it the stretch at hand. */
  #line = new Float64Array(0);
  readonly #reach: number;
  readonly #kept: number;

  constructor(count: number) {
    this.#taps = halfBand(count);
    this.#reach = 4 * count - 2;
    this.#kept = this.#reach;
  }

  /** Takes an even number of samples, gives half as many; a new array. */
  push(samples: ArrayLike<number>): Float64Array {
    const length = this.#kept + samples.length;
    if (this.#line.length < length) {
      const line = new Float64Array(length);
      line.set(this.#line);
      this.#line = line;
    }
    const [line, taps, kept] = [this.#line, this.#taps, this.#kept];
    for (let i = 0; i < samples.length; i++) line[kept + i] = samples[i] as number;
    const out = new Float64Array(samples.length / 2);
    const middle = this.#reach / 2;
    for (let n = 0; n < out.length; n++) {
      const at = 2 * n + middle;
      let sum = 0.5 * (line[at] as number);
      for (let k = 0; k < taps.length; k++) {
        sum += (taps[k] as number) * ((line[at - 2 * k - 1] as number) + (line[at + 2 * k + 1] as number));
      }
      out[n] = sum;
    }
    line.copyWithin(0, samples.length, length);
    return out;
  }
}
