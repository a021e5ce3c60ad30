import { expect, test } from "vitest";
import { MIN_WAIT } from "../../src/audio/playout-delay.ts";
import { type NextUnit, Schedule } from "../../src/broadcast/schedule.ts";
import { fromMillis, samples } from "../../src/media.ts";

/** When the next access unit is made. */

const READY = samples(100_000);
const DEADLINE = samples(READY + fromMillis(120));
const LACKING: NextUnit = { ready: READY, isWhole: false, deadline: DEADLINE };
const WHOLE: NextUnit = { ...LACKING, isWhole: true };

/**
 * Returns when an incomplete unit is made by looks that come `late` samples after they are due, and the number of
 * looks.
 */
function made(schedule: Schedule, late: (look: number) => number) {
  for (let looks = 1, now = 0; ; looks++) {
    now = Math.max(now, schedule.due(LACKING)) + late(looks);
    if (schedule.isDue(LACKING, samples(now))) return { now, looks };
  }
}

test("a complete unit is made when it is ready", () => {
  const schedule = new Schedule();
  expect(schedule.due(WHOLE)).toBe(READY);
  expect(schedule.isDue(WHOLE, samples(READY - 1))).toBe(false);
  expect(schedule.isDue(WHOLE, READY)).toBe(true);
});

test("an incomplete unit is looked at every 20 ms, and made as it is at its deadline", () => {
  const schedule = new Schedule();
  expect(schedule.due(LACKING)).toBe(READY + MIN_WAIT);
  expect(schedule.isDue(LACKING, samples(READY + MIN_WAIT - 1))).toBe(false);
  expect(made(schedule, () => 0)).toEqual({ now: DEADLINE, looks: 5 });
  // The unit after it is made as well, if it is overdue too.
  expect(schedule.isDue({ ...LACKING, ready: samples(READY + 1_024) }, DEADLINE)).toBe(true);
});

test("a look that comes late does not count as the last: the next one, 5 ms later, does", () => {
  const schedule = new Schedule();
  const halt = samples(DEADLINE + fromMillis(300));
  expect(schedule.isDue(LACKING, halt)).toBe(false);
  expect(schedule.due(LACKING)).toBe(halt + fromMillis(5));
  // Packets that came in the meantime were not late: the line was.
  expect(schedule.lateFrom(LACKING)).toBe(READY + MIN_WAIT);
  expect(schedule.isDue(LACKING, samples(halt + fromMillis(5)))).toBe(true);
});

test("when every look comes late, packets are waited for 60 ms more, and no longer", () => {
  const { now } = made(new Schedule(), (look) => fromMillis(look === 1 ? 300 : 10));
  expect(now - READY - MIN_WAIT - fromMillis(300)).toBe(fromMillis(60));
});

test("a complete unit ends the wait", () => {
  const schedule = new Schedule();
  schedule.isDue(LACKING, samples(DEADLINE + 48_000));
  schedule.isDue(WHOLE, samples(DEADLINE + 48_000));
  const ready = samples(READY + 1_024);
  expect(schedule.due({ ...LACKING, ready })).toBe(ready + MIN_WAIT);
  expect(schedule.lateFrom({ ...LACKING, ready })).toBe(ready + MIN_WAIT);
  expect(schedule.lateFrom(WHOLE)).toBe(READY);
});
