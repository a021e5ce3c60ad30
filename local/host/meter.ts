const FLOOR_DB = -60;
const WIDTH = 30;
/** How fast the shown peak falls, dB per second. */
const FALL_DB = 20;

/** Follows the peak of 16-bit PCM, falling slowly as a peak meter does. */
export class Meter {
  #peakDb = FLOOR_DB;

  /** Takes interleaved stereo at 48 kHz. */
  push(pcm: Int16Array): void {
    let peak = 0;
    for (const sample of pcm) peak = Math.max(peak, Math.abs(sample));
    const now = 20 * Math.log10(Math.max(peak, 1) / 32_768);
    const fallen = this.#peakDb - (FALL_DB * pcm.length) / 2 / 48_000;
    this.#peakDb = Math.max(FLOOR_DB, now, fallen);
  }

  /** A bar and a figure: `[######----]  -12 dBFS`. */
  draw(): string {
    const filled = Math.round(((this.#peakDb - FLOOR_DB) / -FLOOR_DB) * WIDTH);
    return `[${"#".repeat(filled)}${"-".repeat(WIDTH - filled)}] ${this.#peakDb.toFixed(0).padStart(4)} dBFS`;
  }
}
