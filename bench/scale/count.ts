import { Sketch } from "../../src/audience/sketch.ts";
import { SLOT_MS, WINDOW_SLOTS } from "../../src/audience/slots.ts";
import { Dice } from "./dice.ts";

/** How far the published count is from the truth, each as a share of it. */
export interface CountError {
  /** The real sketch's, with so many listeners in it: (estimate - listeners) / listeners. */
  readonly sketch: number;
  /** What the sketch says of itself: within this 95 times in 100. */
  readonly error95: number;
  /** Listeners not counted once all have come, because reports are slower than the window: none in time, or some late. */
  readonly missing: number;
  /** Listeners not counted yet at the steepest of the surge. */
  readonly trailing: number;
}

/**
 * @param present listeners at the end of each second
 * @param everySeconds how often isolates report; each report then takes up to a slot more to reach the figure
 */
export function countError(present: readonly number[], everySeconds: number, seed: number): CountError {
  const listeners = present.at(-1) ?? 0;
  const dice = new Dice(seed);
  const sketch = new Sketch();
  for (let n = 0; n < listeners; n++) sketch.add(dice.word(), dice.word());
  const windowSeconds = (WINDOW_SLOTS * SLOT_MS) / 1000;
  const lag = Math.ceil(Math.min(everySeconds, windowSeconds) + SLOT_MS / 1000);
  const growth = present.map((count, second) => count - (present[second - 1] ?? 0));
  const steepest = growth.indexOf(growth.reduce((most, count) => Math.max(most, count), 0));
  const there = present[steepest] ?? 0;
  return {
    sketch: (sketch.estimate() - listeners) / listeners,
    error95: sketch.error95(),
    missing: Math.max(0, 1 - windowSeconds / everySeconds),
    trailing: (there - (present[steepest - lag] ?? 0)) / there,
  };
}
