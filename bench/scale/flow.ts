/** Requests that came to one tier, and what became of them. */
export class Flow {
  requests = 0;
  hits = 0;
  misses = 0;
  /** Requests in each second that is over. */
  readonly seconds: number[] = [];
  /** Of those, the ones that were hits. */
  readonly #hitSeconds: number[] = [];
  #counted = 0;
  #countedHits = 0;

  /** `requests` came, `misses` of them go on to the next tier. */
  take(requests: number, misses: number): void {
    if (misses > requests) throw new Error(`${misses} of ${requests} requests can not have missed`);
    this.requests += requests;
    this.misses += misses;
    this.hits += requests - misses;
  }

  /** A second is over. */
  tick(): void {
    this.seconds.push(this.requests - this.#counted);
    this.#counted = this.requests;
    this.#hitSeconds.push(this.hits - this.#countedHits);
    this.#countedHits = this.hits;
  }

  /** The most requests in a second. */
  get peak(): number {
    return this.seconds.reduce((most, count) => Math.max(most, count), 0);
  }

  /** Requests a second, on average over the last `seconds`. */
  rate(seconds: number): number {
    return mean(this.seconds, seconds);
  }

  /** The same of hits alone. */
  hitRate(seconds: number): number {
    return mean(this.#hitSeconds, seconds);
  }
}

function mean(counts: readonly number[], last: number): number {
  return counts.slice(-last).reduce((sum, count) => sum + count, 0) / last;
}
