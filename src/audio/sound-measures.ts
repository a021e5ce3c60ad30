import { CHANNELS } from "../media.ts";

/** Measurements of a piece of stereo sound, from one pass over its samples. */
export interface SoundMeasures {
  /** Sample frames. */
  readonly frames: number;
  /** Sum of the squares of each channel's samples. */
  readonly left: number;
  readonly right: number;
  /** How many runs of samples at full scale the channels had. */
  readonly clips: number;
  /** Whether it is digital silence. */
  readonly isZero: boolean;
}

/** -0.1 dBFS. Not 0 dBFS: a lossy codec moves samples that were clipped at full scale by about as much. */
const FULL_SCALE = 0.9886;
/** Samples in a row at full scale that make a run: 83 us. Sound that is not clipped hardly ever has that many. */
const RUN = 4;

/** Measures interleaved stereo in [-1, 1]. A run at full scale that continues from the piece before counts again. */
export function measuresOf(pcm: Float32Array): SoundMeasures {
  const sums = [0, 0];
  let clips = 0;
  for (let channel = 0; channel < CHANNELS; channel++) {
    let sum = 0;
    let run = 0;
    for (let i = channel; i < pcm.length; i += CHANNELS) {
      const value = pcm[i] as number;
      sum += value * value;
      run = value >= FULL_SCALE || value <= -FULL_SCALE ? run + 1 : 0;
      if (run === RUN) clips++;
    }
    sums[channel] = sum;
  }
  const [left, right] = sums as [number, number];
  return { frames: pcm.length / CHANNELS, left, right, clips, isZero: left + right === 0 };
}

/** The measures of digital silence. */
export function silence(frames: number): SoundMeasures {
  return { frames, left: 0, right: 0, clips: 0, isZero: true };
}
