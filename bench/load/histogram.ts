/** A histogram of milliseconds in steps of 1, up to a minute: gives percentiles of millions of values in constant memory. */
export class Histogram {
  readonly #counts = new Uint32Array(60_001);
  #total = 0;
  #max = 0;

  /** Negative values, which only differing clocks can cause, count as 0, and those above a minute as a minute. */
  add(millis: number): void {
    const step = Math.min(60_000, Math.max(0, Math.round(millis)));
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#total++;
    this.#max = Math.max(this.#max, step);
  }

  get total(): number {
    return this.#total;
  }

  /** Returns the percentiles; null where there are no values. */
  read(): Percentiles | null {
    if (this.#total === 0) return null;
    return { p50: this.#at(0.5), p95: this.#at(0.95), p99: this.#at(0.99), max: this.#max };
  }

  /** Returns the smallest value that the share `share` of all values does not exceed. */
  #at(share: number): number {
    const wanted = Math.ceil(share * this.#total);
    let seen = 0;
    return this.#counts.findIndex((count) => {
      seen += count;
      return seen >= wanted;
    });
  }
}

/** All in milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}
