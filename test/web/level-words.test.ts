import { expect, test } from "vitest";
import { LevelWatch } from "../../src/web/level-words.ts";

/** What the studio says beside the level. Each change is read aloud by screen readers, so peaks must not change it back and forth. */

/** Returns the sentences for readings ten times a second, without repetitions; each with the time at which it came, ms. */
function said(peaks: readonly (number | null)[]): string[] {
  const watch = new LevelWatch();
  watch.restart(0);
  const all = peaks.map((peakDb, n) => `${100 * n}: ${watch.read(100 * n, peakDb, "open", false).sentence}`);
  const sentence = (one = "") => one.slice(one.indexOf(":"));
  return all.filter((one, n) => sentence(one) !== sentence(all[n - 1]));
}

const times = (count: number, peakDb: number | null) => Array<number | null>(count).fill(peakDb);

test("a microphone that is too loud at every other reading is said to be so once, until 3 s after the last peak", () => {
  const peaks = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? -0.2 : -12));
  expect(said([...peaks, ...times(40, -12)])).toEqual([
    "0: Too loud: move back or turn down.",
    "6800: Your microphone is working.",
  ]);
});

test("a microphone is said to be silent after 2 s, and to work at its first sound", () => {
  expect(said([-20, ...times(25, -80), -20])).toEqual([
    "0: Your microphone is working.",
    "2100: Silent: this microphone picks nothing up.",
    "2600: Your microphone is working.",
  ]);
});

test("a level that can not be measured is not taken for silence", () => {
  expect(said(times(40, null))).toEqual([
    "0: The level can not be shown: this browser does not run the page's sound.",
  ]);
});

test("after a mute, the page does not go on about what was before", () => {
  const watch = new LevelWatch();
  watch.restart(0);
  watch.read(0, 0, "open", false);
  watch.restart(100);
  expect(watch.read(100, -12, "open", true)).toEqual({
    sentence: "Muted: nobody can hear you.",
    isSilent: true,
  });
  expect(watch.read(200, -12, "open", false).sentence).toBe("Your microphone is working.");
});

test("where there is no microphone, there is no level", () => {
  const watch = new LevelWatch();
  expect(watch.read(5_000, null, "none", false)).toEqual({ sentence: "No microphone yet.", isSilent: false });
  expect(watch.read(5_000, -100, "lost", false)).toEqual({ sentence: "No microphone.", isSilent: false });
});
