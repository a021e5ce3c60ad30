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
 * Returns how much of the signal a listener did not hear, and how much was heard twice, in seconds. While sound is heard, the signal
 * goes on as the time does. `silences` are the recording's own (`gaps` in tone.ts). A leap is known up to half of the loop, and
 * counts where two marks in a row tell it: a codec can turn one mark into another.
 */
export function leaps(
  marks: readonly Mark[],
  silences: readonly { readonly at: number; readonly seconds: number }[],
): { skipped: number; repeated: number } {
  // A mark may be found twice.
  const once = marks.filter(({ at }, n) => at - (marks[n - 1]?.at ?? Number.NEGATIVE_INFINITY) > 0.3);
  const leads = once.map(({ code, at }) => {
    const before = silences.filter((silence) => silence.at < at);
    return code - at + before.reduce((sum, { seconds }) => sum + seconds, 0);
  });
  let skipped = 0;
  let repeated = 0;
  let last = leads[0] ?? 0;
  for (const [n, lead] of leads.entries()) {
    const leap = turned(lead - last);
    const isLeap = Math.abs(leap) >= LEAST_LEAP;
    if (isLeap && !(Math.abs(turned((leads[n + 1] ?? Number.NaN) - lead)) < LEAST_LEAP)) continue;
    if (isLeap && leap > 0) skipped += leap;
    if (isLeap && leap < 0) repeated -= leap;
    last = lead;
  }
  return { skipped, repeated };
}

/** A player that corrects its latency plays up to 10 % faster or slower for a while, which is no leap, s. */
const LEAST_LEAP = 0.15;

/** The shortest way round the loop to `seconds`. */
function turned(seconds: number): number {
  return seconds - LOOP_SECONDS * Math.round(seconds / LOOP_SECONDS);
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
