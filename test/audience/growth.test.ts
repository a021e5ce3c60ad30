import { describe, expect, test } from "vitest";
import { GROW_ABOVE, Growth, moreThan, SHRINK_BELOW } from "../../src/audience/growth.ts";
import { MIN_REPORT_INTERVAL_MS, SHARD_REQUESTS } from "../../src/audience/pace.ts";

/** How many shards count a show's audience. */

describe("a show's shards", () => {
  test("are one for a small show, and more as soon as more isolates report", () => {
    const growth = new Growth(1, 0);
    const isolates = [
      0,
      8,
      GROW_ABOVE,
      GROW_ABOVE + 1,
      4 * GROW_ABOVE,
      4 * GROW_ABOVE + 1,
      16 * GROW_ABOVE + 1,
      1000 * GROW_ABOVE,
    ];
    expect(isolates.map((count) => growth.at(count, 0))).toEqual([1, 1, 1, 4, 4, 16, 64, 64]);
    // A deploy starts all isolates anew at once.
    expect(new Growth(1, 0).at(100_000, 0)).toBe(64);
  });

  test("have room for all isolates that report at the moment their number is raised", () => {
    expect(GROW_ABOVE).toBeLessThan((0.8 * SHARD_REQUESTS * MIN_REPORT_INTERVAL_MS) / 1000);
  });

  test("become fewer, step by step, after a minute in which fewer would do, and not for a short lull", () => {
    const growth = new Growth(1, 0);
    growth.at(5 * GROW_ABOVE, 0);
    expect(growth.at(SHRINK_BELOW, 59_999)).toBe(16);
    growth.at(5 * GROW_ABOVE, 60_000);
    expect(growth.at(SHRINK_BELOW, 119_999)).toBe(16);
    expect(growth.at(SHRINK_BELOW, 120_000)).toBe(4);
    expect(growth.at(SHRINK_BELOW, 179_999)).toBe(4);
    expect(growth.at(SHRINK_BELOW, 180_000)).toBe(1);
    expect(growth.at(SHRINK_BELOW, 300_000)).toBe(1);
  });

  test("stay as many after a restart, until all isolates have had time to report", () => {
    const growth = new Growth(16, 1000);
    expect(growth.at(0, 1000)).toBe(16);
    expect(growth.at(5 * GROW_ABOVE, 30_000)).toBe(16);
    expect(growth.at(5 * GROW_ABOVE, 300_000)).toBe(16);
  });

  test("do not oscillate: the number of isolates that called for more never calls for fewer, even counted twice", () => {
    for (const count of [1, 4, 16]) {
      const growth = new Growth(count, 0);
      const more = growth.at(count * GROW_ABOVE + 1, 0);
      expect(more).toBe(moreThan(count));
      expect(growth.at(count * GROW_ABOVE + 1, 1e9)).toBe(more);
      // While they change over, isolates that moved are still in the calendar of the shard that they came from.
      expect(growth.at(2 * (count * GROW_ABOVE + 1), 1e9)).toBe(more);
    }
  });
});
