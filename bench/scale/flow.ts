/** The requests to one tier: hits and misses. */
export class Flow {
  requests = 0;
  hits = 0;
  misses = 0;
  /** Requests in each past second. */
  readonly seconds: number[] = [];
  /** Hits in each past second. */
  readonly #hitSeconds: number[] = [];
  #counted = 0;
  #countedHits = 0;

  /** Adds `requests`, of which `misses` go on to the next tier. */
  take(requests: number, misses: number): void {
    if (misses > requests) throw new Error(`${misses} of ${requests} requests can not have missed`);
    this.requests += requests;
    this.misses += misses;
    this.hits += requests - misses;
  }

  /** Ends a second. */
  tick(): void {
    this.seconds.push(this.requests - this.#counted);
    this.#counted = this.requests;
    this.#hitSeconds.push(this.hits - this.#countedHits);
    this.#countedHits = this.hits;
  }

  /** The most requests in one second. */
  get peak(): number {
    return this.seconds.reduce((most, count) => Math.max(most, count), 0);
  }

  /** Returns the requests per second, averaged over the last `seconds`. */
  rate(seconds: number): number {
    return mean(this.seconds, seconds);
  }

  /** Returns the hits per second, averaged over the last `seconds`. */
  hitRate(seconds: number): number {
    return mean(this.#hitSeconds, seconds);
  }
}

function mean(counts: readonly number[], last: number): number {
  return counts.slice(-last).reduce((sum, count) => sum + count, 0) / last;
}
