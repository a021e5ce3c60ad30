import type { PcmBlock } from "./opus.ts";

/** Samples per channel in one message of the adapter: 20 ms at 48 kHz. */
export const FRAME_SAMPLES = 960;
const CHANNELS = 2;

/**
 * Cuts a timeline of PCM into frames of exactly {@link FRAME_SAMPLES}. Its blocks may have any size, because Opus packets last
 * 2.5 to 120 ms.
 *
 * A block that does not begin where the previous one ended leaves a hole. The unfinished frame is then completed with silence
 * and the next one begins at the new position, so every frame's timestamp stays correct.
 */
export class Framer {
  readonly #frame = new Int16Array(FRAME_SAMPLES * CHANNELS);
  /** Samples per channel already in the frame. */
  #filled = 0;
  /** Timestamp of the unfinished frame; null before the first block. */
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

  /** Returns the unfinished frame, completed with silence; nothing if it is empty. */
  flush(): PcmBlock[] {
    if (this.#start === null || this.#filled === 0) return [];
    this.#frame.fill(0, this.#filled * CHANNELS);
    const frame = { timestamp: this.#start, data: this.#frame.slice() };
    this.#start = (this.#start + FRAME_SAMPLES) >>> 0;
    this.#filled = 0;
    return [frame];
  }
}
