import { expect, test } from "vitest";
import { Bounded } from "../src/bounded.ts";

/** A map of bounded size: when it is full, it evicts its oldest entry. */

test("a full map evicts the entry that was set longest ago, even one that was read since", () => {
  const map = new Bounded<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  expect(map.get("b")).toBe(2);
  map.set("c", 4);
  expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([3, undefined, 4]);
});

test("a deleted entry makes room for another", () => {
  const map = new Bounded<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.delete("b");
  map.set("c", 3);
  expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([1, undefined, 3]);
});

test("an entry that holds undefined counts like any other", () => {
  const map = new Bounded<string | undefined, undefined>(1);
  map.set(undefined, undefined);
  map.set("a", undefined);
  map.set("b", undefined);
  expect(map.get("a")).toBeUndefined();
});
