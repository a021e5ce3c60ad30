import { AU_SAMPLES, type Frame, type Pcm, samples } from "../media.ts";

/** How far frames lag behind pushed sound, samples: a packet covers one unit more, and the encoder looks one further ahead. */
export const ENCODER_LAG = samples(2 * AU_SAMPLES);

/**
 * A streaming AAC-LC encoder of 48 kHz stereo: PCM in, access units out, one timeline through.
 *
 * The encoder's priming is dropped: the first frame's `at` is the position of the first pushed sample, and each next frame is
 * AU_SAMPLES later. So `n` pushed samples give exactly ceil(n / AU_SAMPLES) frames once flushed.
 */
export interface Encoder {
  /** AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1), to be copied verbatim into `esds`. */
  readonly config: Uint8Array;

  /**
   * Takes PCM of any length and returns the finished frames, which lag the input by up to two access units. Each push must
   * start where the previous one ended, else RangeError: the caller fills holes with silence.
   * Copies `pcm.data` before it returns.
   */
  push(pcm: Pcm): Frame[];

  /**
   * Does the same as a {@link push} of `units` access units of zeros, at next to no cost. RangeError if the samples pushed
   * before are not whole access units.
   */
  pushSilence(units: number): Frame[];

  /** Pads the tail with silence to a whole access unit, returns the remaining frames, and closes. */
  flush(): Frame[];

  /** Frees the encoder's memory. Nothing can be pushed afterwards. */
  close(): void;
}
