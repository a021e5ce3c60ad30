import { expect, test } from "vitest";
import { ShowTime } from "../../src/broadcast/show-time.ts";

/** The show's time never goes back, whatever the wall clock does. */

test("while the wall clock runs, the show's time is the wall clock, sleeps included", () => {
  const clock = new ShowTime(1_000, 0);
  expect([1_000, 1_021, 1_021, 700_000].map((wall) => clock.read(wall))).toEqual([
    1_000, 1_021, 1_021, 700_000,
  ]);
  expect(clock.ahead).toBe(0);
});

test("a wall clock that is set back stops the show's time only for that instant", () => {
  const clock = new ShowTime(500_000, 0);
  clock.read(500_100);
  expect([380_100, 380_121, 381_100].map((wall) => clock.read(wall))).toEqual([500_100, 500_121, 501_100]);
  expect(clock.ahead).toBe(120_000);
});

test("a jump forward is first taken from the time that the show is ahead; the rest counts as time", () => {
  const clock = new ShowTime(500_000, 0);
  clock.read(380_000);
  expect(clock.read(440_000)).toBe(500_000);
  expect(clock.ahead).toBe(60_000);
  expect(clock.read(510_000)).toBe(510_000);
  expect(clock.ahead).toBe(0);
});

test("the show's time begins no earlier than the time it has reached already", () => {
  const clock = new ShowTime(380_000, 500_000);
  expect([380_000, 380_500].map((wall) => clock.read(wall))).toEqual([500_000, 500_500]);
});
