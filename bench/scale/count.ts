import { Sketch } from "../../src/audience/sketch.ts";
import { SLOT_MS, WINDOW_SLOTS } from "../../src/audience/slots.ts";
import { Dice } from "./dice.ts";

/** Errors of the published count, as shares of the true number. */
export interface CountError {
  /** The error of the real sketch with so many listeners: (estimate - listeners) / listeners. */
  readonly sketch: number;
  /** The sketch's own bound on that error, which holds 95 times in 100. */
  readonly error95: number;
  /** Listeners that are not counted once all have joined, because reports are less frequent than the window is long. */
  readonly missing: number;
  /** Listeners that are not counted yet at the steepest point of the surge. */
  readonly trailing: number;
}

/**
 * @param present listeners at the end of each second
 * @param everySeconds the interval of an isolate's reports; a report then takes up to a slot more to reach the figure
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
