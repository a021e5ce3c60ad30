import fc from "fast-check";
import { expect, test } from "vitest";
import { folderOf, keys, lists } from "../src/r2-keys.ts";

/** The names of what is in R2. */

test("R2 keys sort in the order of the segments, and differ between shows and epochs", () => {
  expect(keys.init("a", "e")).toBe("a/e/init.mp4");
  expect(keys.segment("a", "e", 7)).toBe("a/e/s0000000007.m4s");
  const msn = fc.nat({ max: 9_999_999_999 });
  fc.assert(
    fc.property(msn, msn, (a, b) => {
      expect(keys.segment("a", "e", a) < keys.segment("a", "e", b)).toBe(a < b);
    }),
  );
});

test("everything of a broadcast lies in its folder", () => {
  const named = [
    keys.init("a", "e"),
    keys.segment("a", "e", 7),
    keys.hold("a", "v"),
    keys.announcement("a", "before", "v"),
    lists.show("a"),
    lists.timeline("a", "e"),
    lists.replay("a"),
  ];
  for (const name of named) {
    expect(name.startsWith(folderOf("a")), name).toBe(true);
    expect(name.startsWith(folderOf("ab")), name).toBe(false);
  }
});
