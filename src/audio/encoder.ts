import { AU_SAMPLES, type Frame, type Pcm, samples } from "../media.ts";

/** How far frames lag behind what was pushed, in samples: a packet covers one unit more, and the encoder looks one ahead. */
export const ENCODER_LAG = samples(2 * AU_SAMPLES);

/**
 * A streaming AAC-LC encoder of 48 kHz stereo: PCM in, access units out, one timeline through.
 *
 * The encoder's priming is left out: the first frame's `at` is the position of the first pushed sample, and each next one
 * is AU_SAMPLES later. So `n` pushed samples give exactly ceil(n / AU_SAMPLES) frames once flushed.
 */
export interface Encoder {
  /** AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1), to be copied verbatim into `esds`. */
  readonly config: Uint8Array;

  /**
   * Takes PCM of any length and gives the frames that are finished; they lag the input by up to two access units.
   * Each push starts where the one before ended, else RangeError: a hole is the caller's to fill with silence.
   * Copies `pcm.data` before it returns.
   */
  push(pcm: Pcm): Frame[];

  /**
   * The same as a {@link push} of `units` access units of zeros, at next to no cost. RangeError where what was pushed
   * before is not whole access units.
   */
  pushSilence(units: number): Frame[];

  /** Pads the tail with silence to a whole access unit, gives the remaining frames, and closes. */
  flush(): Frame[];

  /** Frees what it holds. Nothing can be pushed afterwards. */
  close(): void;
}
