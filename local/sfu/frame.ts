import type { PcmBlock } from "./opus.ts";

/** Samples per channel in one adapter message: 20 ms at 48 kHz. */
export const FRAME_SAMPLES = 960;
const CHANNELS = 2;

/**
 * Cuts a timeline of PCM into frames of exactly {@link FRAME_SAMPLES}, whatever the sizes of its blocks
 * (Opus packets last 2.5 to 120 ms).
 *
 * A block that does not begin where the last one ended is a hole that nobody filled: the frame under way is
 * completed with silence and the next one begins at the new place, so every frame's timestamp stays true.
 */
export class Framer {
  readonly #frame = new Int16Array(FRAME_SAMPLES * CHANNELS);
  /** Samples per channel already in `frame`. */
  #filled = 0;
  /** Timestamp of the frame under way; null before the first block. */
  #start: number | null = null;

  push(block: PcmBlock): PcmBlock[] {
    const frames: PcmBlock[] = [];
    if (this.#start === null) this.#start = block.timestamp;
    else if ((this.#start + this.#filled) >>> 0 !== block.timestamp) {
      frames.push(...this.flush());
      this.#start = block.timestamp;
    }
    const total = block.data.length / CHANNELS;
    for (let used = 0; used < total; ) {
      const take = Math.min(FRAME_SAMPLES - this.#filled, total - used);
      this.#frame.set(
        block.data.subarray(used * CHANNELS, (used + take) * CHANNELS),
        this.#filled * CHANNELS,
      );
      this.#filled += take;
      used += take;
      if (this.#filled === FRAME_SAMPLES) frames.push(...this.flush());
    }
    return frames;
  }

  /** The frame under way, completed with silence; none if it is empty. */
  flush(): PcmBlock[] {
    if (this.#start === null || this.#filled === 0) return [];
    this.#frame.fill(0, this.#filled * CHANNELS);
    const frame = { timestamp: this.#start, data: this.#frame.slice() };
    this.#start = (this.#start + FRAME_SAMPLES) >>> 0;
    this.#filled = 0;
    return [frame];
  }
}
