import { expect, test } from "vitest";
import { Backlog } from "../../src/broadcast/backlog.ts";

/** What the clock is told until it may go on; `come` are the messages that come during each wait. */
function waits(backlog: Backlog, late: number, come: readonly number[] = []): number[] {
  const told = [];
  for (let n = 0; ; n++) {
    const wait = backlog.wait(late);
    if (wait === 0) return told;
    told.push(wait);
    for (let i = 0; i < (come[n] ?? 0); i++) backlog.hear();
  }
}

test("a clock on time waits for nothing", () => {
  const backlog = new Backlog();
  backlog.hear();
  expect(waits(backlog, 0)).toEqual([]);
  backlog.hear();
  expect(waits(backlog, 3.9)).toEqual([]);
});

test("a late clock waits once, and for as long as something comes", () => {
  expect(waits(new Backlog(), 20)).toEqual([1]);
  expect(waits(new Backlog(), 20, [7, 1])).toEqual([1, 1, 1]);
});

test("the later it is, the longer nothing must have come", () => {
  expect(waits(new Backlog(), 150, [7])).toEqual([3, 3]);
  expect(waits(new Backlog(), 60_000, [40])).toEqual([10, 10]);
});

test("what comes without end does not hold it up", () => {
  expect(waits(new Backlog(), 150, [9, 9, 9, 9, 9, 9, 9])).toEqual([3, 3, 3, 3, 3]);
});

test("while it catches up it waits for what came during its own work, and no longer", () => {
  const backlog = new Backlog();
  expect(waits(backlog, 800, [40])).toEqual([10, 10]);
  expect(waits(backlog, 700)).toEqual([1]);
  expect(waits(backlog, 600, [1])).toEqual([1, 1]);
  expect(waits(backlog, 2)).toEqual([]);
  expect(waits(backlog, 800)).toEqual([10]);
});
