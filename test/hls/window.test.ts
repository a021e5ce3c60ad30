import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addCut,
  emptyWindow,
  endWindow,
  listedEnd,
  listsParts,
  msnBefore,
  oldestFetchableMsn,
} from "../../src/hls/window.ts";
import { PROFILES, type Samples, samples } from "../../src/media.ts";
import { EPOCH, FIRST_MSN, show, windowAfter } from "../kit/show.ts";

/** The window keeps what a list needs, and removes the rest in time. */

const PROFILE = fc.constantFrom(PROFILES.low, PROFILES.balanced, PROFILES.economy);

test("after any cuts the sequence goes on by ones, times add up, and the list never shrinks below three target durations", () => {
  fc.assert(
    fc.property(
      PROFILE,
      fc.integer({ min: 0, max: 5000 }),
      fc.integer({ min: 10, max: 20 }),
      (profile, units, length) => {
        const { windows, cuts } = show(profile, units, { length });
        let before = windows[0];
        for (const window of windows) {
          const { segments, open, firstMsn } = window;
          expect(firstMsn).toBeGreaterThanOrEqual(before?.firstMsn ?? 0);
          expect(firstMsn - (before?.firstMsn ?? 0)).toBeLessThanOrEqual(1);
          const removed = firstMsn > FIRST_MSN;
          const duration = segments.reduce((sum, segment) => sum + segment.duration, 0);
          if (removed) expect(duration).toBeGreaterThanOrEqual(3 * profile.targetDuration * 48000);
          if (removed) expect(segments.length).toBe(length);
          let at = segments[0]?.at ?? open?.at ?? 0;
          for (const [index, segment] of segments.entries()) {
            expect(segment.msn).toBe(firstMsn + index);
            expect(segment.at).toBe(at);
            expect(segment.parts.reduce((sum, part) => sum + part.duration, 0)).toBe(segment.duration);
            at = samples(at + segment.duration) as Samples;
          }
          if (open !== null) expect([open.msn, open.at]).toEqual([firstMsn + segments.length, at]);
          before = window;
        }
        expect(
          listedEnd(
            windows.at(-1) ?? emptyWindow(profile, { epoch: EPOCH, startedAt: 0, msn: 0, at: samples(0) }),
          ),
        ).toBe(units * 1024);
        expect(cuts.length).toBe(
          new Set(cuts.map(({ part }) => `${part.msn}.${part.index}`)).size + repeats(cuts),
        );
      },
    ),
    { seed: 7, numRuns: 60 },
  );
});

test("parts are listed only near the live edge, segment by segment, and never beyond three target durations", () => {
  for (const profile of [PROFILES.low, PROFILES.balanced]) {
    for (const window of show(profile, 30 * 90 + 7).windows) {
      for (const segment of window.segments) {
        const far = listedEnd(window) - segment.at > 3 * profile.targetDuration * 48000;
        if (far) expect(listsParts(window, segment)).toBe(false);
      }
      const listed = window.segments.filter((segment) => listsParts(window, segment));
      if (window.segments.length > 3) expect(listed.length).toBeGreaterThanOrEqual(2);
      if (window.open) expect(listsParts(window, window.open)).toBe(true);
    }
  }
  expect(
    windowAfter(PROFILES.economy, 20 * 180, { live: true }).segments.some((s) =>
      listsParts(windowAfter(PROFILES.economy, 1), s),
    ),
  ).toBe(false);
});

test("media that has left the list stays fetchable for as long as the draft requires", () => {
  for (const profile of Object.values(PROFILES)) {
    const { windows } = show(profile, 60 * profile.segmentUnits, { live: true });
    const target = profile.targetDuration * 48000;
    for (const [index, window] of windows.entries()) {
      // For every segment that an earlier list had, or showed parts of: when it or its parts left.
      for (const [n, earlier] of windows.slice(0, index).entries()) {
        const next = windows[n + 1] ?? window;
        const since = listedEnd(window) - listedEnd(next);
        const longest =
          earlier.segments.reduce((sum, segment) => sum + segment.duration, 0) + profile.segmentUnits * 1024;
        for (const segment of earlier.segments) {
          const left = segment.msn < next.firstMsn && since < segment.duration + longest;
          const partsLeft = listsParts(earlier, segment) && !listsParts(next, segment) && since < 3 * target;
          if (left || partsLeft) expect(oldestFetchableMsn(window)).toBeLessThanOrEqual(segment.msn);
        }
      }
    }
    const last = windows.at(-1);
    expect(last && last.firstMsn - oldestFetchableMsn(last)).toBe((last?.length ?? 0) + 2);
  }
});

describe("misuse throws", () => {
  const start = { epoch: EPOCH, startedAt: 0, msn: 5, at: samples(0) };
  const part = (index: number, at: number) => ({
    msn: 5,
    index,
    at: samples(at),
    duration: samples(18432),
    bytes: new Uint8Array(),
  });

  test("a part out of order, twice, or after the end", () => {
    const window = emptyWindow(PROFILES.low, start);
    expect(() => addCut(window, { part: part(1, 0), closes: false })).toThrow(/not the next/);
    expect(() => addCut(window, { part: part(0, 1024), closes: false })).toThrow(/not the next/);
    expect(() => addCut(window, { part: { ...part(0, 0), msn: 6 }, closes: false })).toThrow(/not the next/);
    const one = addCut(window, { part: part(0, 0), closes: false });
    expect(() => addCut(one, { part: part(0, 0), closes: false })).toThrow(/not the next/);
    expect(() => endWindow(one)).toThrow(/still open/);
    expect(() => addCut(endWindow(window), { part: part(0, 0), closes: false })).toThrow(/ended/);
  });

  test("a window too short to play from", () => {
    expect(() => emptyWindow(PROFILES.low, start, { length: 9 })).toThrow(/too short/);
  });
});

function repeats(cuts: readonly { part: { msn: number; index: number } }[]): number {
  const [last, previous] = [cuts.at(-1), cuts.at(-2)];
  return last && previous && last.part === previous.part ? 1 : 0;
}

test("the segment that is a given time before the live edge is found", () => {
  const window = windowAfter(PROFILES.low, 5 * 90 + 36, { live: true });
  // The two open parts of segment 1005 are 768 ms.
  const asked = [0, 768, 769, 2_688, 2_689, 60_000].map((millis) => msnBefore(window, millis) - FIRST_MSN);
  expect(asked).toEqual([5, 5, 4, 4, 3, 0]);
});
