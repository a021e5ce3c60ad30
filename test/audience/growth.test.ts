import { describe, expect, test } from "vitest";
import { FREE, FULL, Growth, moreThan } from "../../src/audience/growth.ts";
import { FLOOR_MS, SHARD_REQUESTS } from "../../src/audience/pace.ts";

/** How many shards count a show's audience. */

describe("a show's shards", () => {
  test("are one for a small show, and more as soon as more isolates report", () => {
    const growth = new Growth(1, 0);
    const isolates = [0, 8, FULL, FULL + 1, 4 * FULL, 4 * FULL + 1, 16 * FULL + 1, 1000 * FULL];
    expect(isolates.map((count) => growth.at(count, 0))).toEqual([1, 1, 1, 4, 4, 16, 64, 64]);
    // A deploy starts all isolates anew at once.
    expect(new Growth(1, 0).at(100_000, 0)).toBe(64);
  });

  test("have room for all isolates that report at the moment their number is raised", () => {
    expect(FULL).toBeLessThan((0.8 * SHARD_REQUESTS * FLOOR_MS) / 1000);
  });

  test("become fewer, step by step, after a minute in which fewer would do, and not for a short lull", () => {
    const growth = new Growth(1, 0);
    growth.at(5 * FULL, 0);
    expect(growth.at(FREE, 59_999)).toBe(16);
    growth.at(5 * FULL, 60_000);
    expect(growth.at(FREE, 119_999)).toBe(16);
    expect(growth.at(FREE, 120_000)).toBe(4);
    expect(growth.at(FREE, 179_999)).toBe(4);
    expect(growth.at(FREE, 180_000)).toBe(1);
    expect(growth.at(FREE, 300_000)).toBe(1);
  });

  test("stay as many after a restart, until all isolates have had time to report", () => {
    const growth = new Growth(16, 1000);
    expect(growth.at(0, 1000)).toBe(16);
    expect(growth.at(5 * FULL, 30_000)).toBe(16);
    expect(growth.at(5 * FULL, 300_000)).toBe(16);
  });

  test("do not oscillate: the number of isolates that called for more never calls for fewer, even counted twice", () => {
    for (const count of [1, 4, 16]) {
      const growth = new Growth(count, 0);
      const more = growth.at(count * FULL + 1, 0);
      expect(more).toBe(moreThan(count));
      expect(growth.at(count * FULL + 1, 1e9)).toBe(more);
      // While they change over, isolates that moved are still in the calendar of the shard that they came from.
      expect(growth.at(2 * (count * FULL + 1), 1e9)).toBe(more);
    }
  });
});
