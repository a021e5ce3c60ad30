import { expect, test } from "vitest";
import { Backlog } from "../../src/broadcast/backlog.ts";

/** How long a clock that comes `late` waits, when each wait takes `real` ms and what is owed comes within `owed` ms. */
function waited(backlog: Backlog, late: number, owed: number, real = 1): number {
  for (let millis = 0; ; millis += real) {
    if (backlog.wait(late + millis, millis < owed) === 0) return millis;
  }
}

test("a clock on time waits for nothing", () => {
  expect(waited(new Backlog(), 0, 100)).toBe(0);
  expect(waited(new Backlog(), 3.9, 100)).toBe(0);
});

test("a late one waits for what is owed, and no longer", () => {
  expect(waited(new Backlog(), 150, 0)).toBe(0);
  expect(waited(new Backlog(), 150, 7)).toBe(7);
  expect(waited(new Backlog(), 30, 1)).toBe(1);
});

test("what does not come holds it up for as long as it was late, at the most, and never for long", () => {
  expect(waited(new Backlog(), 10, 1_000)).toBe(10);
  expect(waited(new Backlog(), 150, 1_000)).toBe(60);
  expect(waited(new Backlog(), 150, 1_000, 20)).toBe(60);
});

test("what is late does not get later, even if what is owed never comes and every wait takes thrice as long", () => {
  const backlog = new Backlog();
  const [units, work] = [128, 20];
  let late = 5_000;
  let ticks = 0;
  for (; late > 0 && ticks < 1_000; ticks++) late += waited(backlog, late, 1_000, 3) + work - units;
  expect(ticks).toBeLessThan(5_000 / (units - work - 63) + 2);
});
