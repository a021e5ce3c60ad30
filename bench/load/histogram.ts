/** Counts milliseconds in steps of one, up to a minute: percentiles of millions of values in a fixed space. */
export class Histogram {
  readonly #counts = new Uint32Array(60_001);
  #total = 0;
  #max = 0;

  /** Negative values, which only clocks that disagree give, count as 0; those above a minute as a minute. */
  add(millis: number): void {
    const step = Math.min(60_000, Math.max(0, Math.round(millis)));
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#total++;
    this.#max = Math.max(this.#max, step);
  }

  get total(): number {
    return this.#total;
  }

  /** Null where there is nothing to tell. */
  read(): Percentiles | null {
    if (this.#total === 0) return null;
    return { p50: this.#at(0.5), p95: this.#at(0.95), p99: this.#at(0.99), max: this.#max };
  }

  /** The smallest value that `share` of all are not above. */
  #at(share: number): number {
    const wanted = Math.ceil(share * this.#total);
    let seen = 0;
    return this.#counts.findIndex((count) => {
      seen += count;
      return seen >= wanted;
    });
  }
}

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}
