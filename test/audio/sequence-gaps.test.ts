import { expect, test } from "vitest";
import { SequenceGaps } from "../../src/audio/sequence-gaps.ts";

/** How many packets are missing, by the sequence numbers of those that came. */

function missing(...numbers: number[]): number {
  const gaps = new SequenceGaps();
  for (const number of numbers) gaps.push(number >>> 0);
  return gaps.missing;
}

test("a number that was left out is missing, also where the numbers wrap", () => {
  expect(missing(7, 8, 9, 10)).toBe(0);
  expect(missing(7, 8, 11, 12, 14)).toBe(3);
  expect(missing(-2, 1)).toBe(2);
});

test("a packet that comes late is not missing any more", () => {
  expect(missing(1, 4)).toBe(2);
  expect(missing(1, 4, 3)).toBe(1);
  expect(missing(1, 4, 3, 2, 5)).toBe(0);
});

test("a sender whose numbers start anew has lost nothing", () => {
  expect(missing(100_000, 1, 2, 3)).toBe(0);
  expect(missing(1, 700_000_000, 700_000_002)).toBe(1);
});
