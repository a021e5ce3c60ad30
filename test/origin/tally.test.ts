import { expect, test } from "vitest";
import { Tally } from "../../src/origin/tally.ts";

/** Origin counts reads and reports them to the Broadcast later. */

test("reads are reported once, each to its own show, by kind", () => {
  const tally = new Tally();
  for (const kind of ["segment", "segment", "init"]) tally.add("a", { [kind]: 1 });
  tally.add("b", { segment: 1 });
  expect(tally.take("a")).toEqual({ segment: 2, init: 1 });
  expect(tally.take("a")).toEqual({});
  expect(tally.take("b")).toEqual({ segment: 1 });
});

test("reads that could not be reported are reported with those that came since", () => {
  const tally = new Tally();
  tally.add("a", { playlist: 1 });
  const untold = tally.take("a");
  tally.add("a", { playlist: 1, segment: 1 });
  tally.add("a", untold);
  expect(tally.take("a")).toEqual({ playlist: 2, segment: 1 });
});

test("a thousand shows are counted; for one more, the show that was read longest ago is dropped", () => {
  const tally = new Tally();
  for (let n = 0; n < 1_000; n++) tally.add(`${n}`, { segment: 1 });
  tally.add("0", { segment: 1 });
  tally.add("one more", { segment: 1 });
  expect(tally.take("1")).toEqual({});
  expect(tally.take("0")).toEqual({ segment: 2 });
  expect(tally.take("2")).toEqual({ segment: 1 });
});
