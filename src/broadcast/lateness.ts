/** How long after its last sample each of the recent parts was listed: what an operator looks at first. */
export class Lateness {
  readonly #lags = new Float64Array(LENGTH);
  #count = 0;

  /** @param lag milliseconds from a part's last sample, in wall-clock time, to its being listed */
  add(lag: number): void {
    this.#lags[this.#count++ % LENGTH] = lag;
  }

  /** Milliseconds over the last 512 parts; null before the first. */
  read(): { readonly p50: number; readonly p99: number; readonly max: number } | null {
    const sorted = this.#lags.slice(0, Math.min(this.#count, LENGTH)).sort();
    const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
    return sorted.length === 0 ? null : { p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}

const LENGTH = 512;
