import { expect, test } from "vitest";
import { backoff } from "../../src/web/backoff.ts";

/** How long pages wait between two tries. */

test("the wait doubles from the base up to the ceiling, and stays there", () => {
  const whole = (attempt: number) => backoff(attempt, 500, 15_000, () => 1);
  expect([0, 1, 2, 3, 4, 5, 6].map(whole)).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  expect(whole(1e9)).toBe(15_000);
});

test("the wait is drawn from its upper half, so that a million pages do not return at once", () => {
  expect(backoff(3, 500, 15_000, () => 0)).toBe(2000);
  const draws = Array.from({ length: 1000 }, () => backoff(3, 500, 15_000));
  expect(Math.min(...draws)).toBeLessThan(2300);
  expect(Math.max(...draws)).toBeGreaterThan(3700);
});
