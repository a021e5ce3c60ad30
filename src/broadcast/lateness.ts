/** Measures how late recent parts were listed, from a part's last sample. Operators look at this figure first. */
export class Lateness {
  readonly #lags = new Float64Array(RECENT_PARTS);
  #count = 0;

  /** @param lag time from a part's last sample, by the wall clock, to its listing, ms */
  add(lag: number): void {
    this.#lags[this.#count++ % RECENT_PARTS] = lag;
  }

  /** Returns percentiles over the last 512 parts, ms; null before the first part. */
  read(): { readonly p50: number; readonly p99: number; readonly max: number } | null {
    const sorted = this.#lags.slice(0, Math.min(this.#count, RECENT_PARTS)).sort();
    const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
    return sorted.length === 0 ? null : { p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}

const RECENT_PARTS = 512;
