import { expect, test } from "vitest";
import { Backlog } from "../../src/broadcast/backlog.ts";

/** How long the clock is told to wait, a millisecond at a time, while what is owed comes within `owed` ms. */
function waited(backlog: Backlog, late: number, owed: number): number {
  for (let millis = 0; ; ) {
    const wait = backlog.wait(late + millis, millis < owed);
    if (wait === 0) return millis;
    millis += wait;
  }
}

test("a clock on time waits for nothing", () => {
  expect(waited(new Backlog(), 0, 100)).toBe(0);
  expect(waited(new Backlog(), 3.9, 100)).toBe(0);
});

test("a late one waits for what is owed, and no longer", () => {
  const backlog = new Backlog();
  expect(waited(backlog, 150, 0)).toBe(0);
  expect(waited(backlog, 150, 7)).toBe(7);
  expect(waited(backlog, 30, 1)).toBe(1);
});

test("what does not come holds it up for as long as it was late, at the most, and never for long", () => {
  const backlog = new Backlog();
  expect(waited(backlog, 10, 1_000)).toBe(10);
  expect(waited(backlog, 150, 1_000)).toBe(60);
  expect(waited(backlog, 10, 1_000)).toBe(10);
});
