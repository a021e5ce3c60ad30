const FLOOR_DB = -60;
const WIDTH = 30;
/** How fast the displayed peak falls, dB per second. */
const FALL_DB = 20;

/** A peak meter for 16-bit PCM: it rises at once and falls slowly. */
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

  /** Returns a bar and a number: `[######----]  -12 dBFS`. */
  draw(): string {
    const filled = Math.round(((this.#peakDb - FLOOR_DB) / -FLOOR_DB) * WIDTH);
    return `[${"#".repeat(filled)}${"-".repeat(WIDTH - filled)}] ${this.#peakDb.toFixed(0).padStart(4)} dBFS`;
  }
}
