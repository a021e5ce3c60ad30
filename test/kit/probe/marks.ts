import { goertzel, magnitude } from "./goertzel.ts";
import { LOOP_SECONDS, MARK_SECONDS, markHz } from "./signal.ts";

/** A mark that was heard: its code (0 to 15), and the second at which its centre lies, counted from the first sample. */
export interface Mark {
  readonly code: number;
  readonly at: number;
}

/**
 * The level from which a mark counts as heard. A mark is sent at 0.5; codecs take away a little, and a tone beside it adds very
 * little.
 */
const HEARD = 0.12;
const HOP_SECONDS = 0.005;

/** Finds every mark in a recording of the measuring signal, to about a millisecond. */
export function findMarks(pcm: Float32Array, rate: number): Mark[] {
  const hop = Math.round(HOP_SECONDS * rate);
  const window = Math.round((MARK_SECONDS / 2) * rate);
  const marks: Mark[] = [];
  let best = { code: -1, level: 0, from: 0 };
  for (let from = 0; from + window <= pcm.length; from += hop) {
    let loudest = { code: -1, level: HEARD, from };
    for (let code = 0; code < LOOP_SECONDS; code++) {
      const level = magnitude(goertzel(pcm, from, window, markHz(code), rate));
      if (level > loudest.level) loudest = { code, level, from };
    }
    if (loudest.code >= 0 && loudest.level > best.level) best = loudest;
    if (loudest.code < 0 && best.code >= 0) {
      marks.push({ code: best.code, at: centre(pcm, best.code, best.from, window, rate) / rate });
      best = { code: -1, level: 0, from: 0 };
    }
  }
  return marks;
}

/** The centre of the mark's energy, in samples: its peak can move by half a hop, its centre of gravity does not. */
function centre(pcm: Float32Array, code: number, peak: number, window: number, rate: number): number {
  const fine = Math.round(rate / 1000);
  let mass = 0;
  let moment = 0;
  for (let from = peak - window; from <= peak + window; from += fine) {
    const power = magnitude(goertzel(pcm, from, window, markHz(code), rate)) ** 2;
    mass += power;
    moment += power * (from + window / 2);
  }
  return moment / mass;
}
