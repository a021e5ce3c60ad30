import { fromMillis } from "../media.ts";
import type { SoundMeasures } from "./sound-measures.ts";

/** Length of the window whose RMS tells sound from silence. */
const WINDOW = fromMillis(400);
const FLOOR_DB = -100;

/** The level of the last 400 ms. It is fed stretches of sound that are much shorter, or digital silence of any length. */
export class LevelWindow {
  readonly #measures: SoundMeasures[] = [];
  #frames = 0;
  #left = 0;
  #right = 0;

  push(measures: SoundMeasures): void {
    // A long silence counts only as far as the window holds it: more would dilute the sound that comes after it.
    const frames = Math.min(measures.frames, WINDOW);
    this.#measures.push({ ...measures, frames });
    this.#frames += frames;
    let gone = 0;
    for (const old of this.#measures) {
      if (this.#frames - old.frames < WINDOW) break;
      this.#frames -= old.frames;
      gone++;
    }
    if (gone > 0) this.#measures.splice(0, gone);
    // Summed anew each time: a running sum keeps rounding errors, and would never read digital silence again.
    this.#left = 0;
    this.#right = 0;
    for (const { left, right } of this.#measures) {
      this.#left += left;
      this.#right += right;
    }
  }

  /** Returns the RMS, dBFS, at least -100: of both channels together, as the meter reads it, and of each. */
  read(): { readonly rmsDb: number; readonly leftDb: number; readonly rightDb: number } {
    const frames = Math.max(1, this.#frames);
    return {
      rmsDb: decibels((this.#left + this.#right) / (2 * frames)),
      leftDb: decibels(this.#left / frames),
      rightDb: decibels(this.#right / frames),
    };
  }
}

function decibels(power: number): number {
  return power > 0 ? Math.max(FLOOR_DB, 10 * Math.log10(power)) : FLOOR_DB;
}
