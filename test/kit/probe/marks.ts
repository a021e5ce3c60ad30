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

/**
 * Returns how much of the signal a listener did not hear, and how much was heard twice, in seconds. Between two marks, as much of
 * the signal must have passed as there was time without silence. `silences` are the recording's own (`gaps` in tone.ts).
 */
export function leaps(
  marks: readonly Mark[],
  silences: readonly { readonly at: number; readonly seconds: number }[],
): { skipped: number; repeated: number } {
  let skipped = 0;
  let repeated = 0;
  for (const [n, mark] of marks.slice(1).entries()) {
    const before = marks[n] as Mark;
    const silent = silences
      .filter(({ at }) => at > before.at && at < mark.at)
      .reduce((sum, { seconds }) => sum + seconds, 0);
    const heard = mark.at - before.at - silent;
    // The loop is as long as it has codes, so a leap is known up to half of it.
    const turns = Math.round((heard - (mark.code - before.code)) / LOOP_SECONDS);
    const leap = mark.code - before.code + turns * LOOP_SECONDS - heard;
    if (Math.abs(leap) < LEAST_LEAP) continue;
    if (leap > 0) skipped += leap;
    else repeated -= leap;
  }
  return { skipped, repeated };
}

/** A player that corrects its latency plays up to 10 % faster or slower for a while, which is no leap. */
const LEAST_LEAP = 0.15;

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
