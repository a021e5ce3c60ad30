import { SAMPLE_RATE } from "../media.ts";
import type { Hysteresis, Verdict } from "./condition.ts";
import { LevelWindow } from "./level-window.ts";
import { measuresOf, type SoundMeasures } from "./sound-measures.ts";

/** What can be wrong with any line of sound: a host's, or the one that goes out. */
export type SoundFault = "silent" | "channel-dead" | "too-quiet" | "clipping";

const seconds = (count: number) => count * SAMPLE_RATE;

/** Sound for 0.5 s is more than a click, which the 400 ms window stretches to 0.4 s. */
export const SILENCE: Omit<Hysteresis, "raise"> = { forget: seconds(0.5), clear: seconds(1) };
export const SOUND_HYSTERESIS: Readonly<Record<Exclude<SoundFault, "silent">, Hysteresis>> = {
  "channel-dead": { raise: seconds(5), forget: seconds(0.5), clear: seconds(1) },
  "too-quiet": { raise: seconds(30), forget: seconds(3), clear: seconds(3) },
  clipping: { raise: 1, forget: 0, clear: seconds(10) },
};

/** RMS over 400 ms, dBFS: below the first a line is silent, above the second it is not. */
const [SILENT, SOUND] = [-50, -44];
/**
 * A channel is dead below DEAD, dBFS, if the other one is more than UNDER dB louder. It is alive above ALIVE, dBFS, or if the
 * other one is not silent and less than BESIDE dB louder.
 */
const [DEAD, UNDER, ALIVE, BESIDE] = [-60, 30, -54, 24];
/** Short-term loudness, LUFS: below the first a line is too quiet, above the second it is not. */
const [QUIET, LOUD_ENOUGH] = [-35, -33];
/** This many runs of samples at full scale in a second are clipping; a single one may be a bump. */
const RUNS = 5;

/** Whether `pcm`, interleaved stereo, is as good as silence. */
export function isQuiet(pcm: Float32Array): boolean {
  const { left, right, frames } = measuresOf(pcm);
  return left + right < 2 * frames * 10 ** (SILENT / 10);
}

/** Judges each stretch of a line of sound. */
export class SoundWatch {
  readonly #level = new LevelWindow();
  /** The runs at full scale in the present second, and its sample frames so far. */
  #runs = 0;
  #frames = 0;

  /**
   * Takes the next stretch, and returns the verdict on each fault.
   *
   * @param shortTerm the short-term loudness so far, LUFS; -Infinity for silence
   */
  push(measures: SoundMeasures, shortTerm: number): Readonly<Record<SoundFault, Verdict>> {
    this.#level.push(measures);
    const { rmsDb, leftDb, rightDb } = this.#level.read();
    return {
      silent: rmsDb < SILENT ? "bad" : rmsDb > SOUND ? "good" : "between",
      "channel-dead": channels(Math.min(leftDb, rightDb), Math.max(leftDb, rightDb)),
      "too-quiet": rmsDb < SILENT ? "between" : loudness(shortTerm),
      clipping: this.#clipping(measures),
    };
  }

  #clipping({ clips, frames }: SoundMeasures): Verdict {
    this.#frames += frames;
    this.#runs += clips;
    const verdict = this.#runs >= RUNS ? "bad" : this.#runs > 0 ? "between" : "good";
    if (this.#frames >= SAMPLE_RATE || verdict === "bad") {
      this.#frames = 0;
      this.#runs = 0;
    }
    return verdict;
  }
}

/** Judges the weaker of two channels by its level and the other's. While both are silent, neither can be judged. */
function channels(weakDb: number, strongDb: number): Verdict {
  if (weakDb < DEAD && strongDb - weakDb > UNDER) return "bad";
  return weakDb > ALIVE || (strongDb > SILENT && strongDb - weakDb < BESIDE) ? "good" : "between";
}

function loudness(shortTerm: number): Verdict {
  return shortTerm < QUIET ? "bad" : shortTerm > LOUD_ENOUGH ? "good" : "between";
}
