import { expect, test } from "vitest";
import { PLAYOUT_DELAY } from "../../src/audio/playout-delay.ts";
import { type NextUnit, Schedule } from "../../src/broadcast/schedule.ts";
import { fromMillis, samples } from "../../src/media.ts";

/** When the next access unit is made. */

const READY = samples(100_000);
const DEADLINE = samples(READY + fromMillis(120));
const LACKING: NextUnit = { ready: READY, isWhole: false, deadline: DEADLINE };
const WHOLE: NextUnit = { ...LACKING, isWhole: true };

/** When it is made as it is by looks that come `late` samples after they are due, and how many there were. */
function made(schedule: Schedule, late: (look: number) => number) {
  for (let looks = 1, now = 0; ; looks++) {
    now = Math.max(now, schedule.due(LACKING)) + late(looks);
    if (schedule.isDue(LACKING, samples(now))) return { now, looks };
  }
}

test("what is whole is made when it is ready", () => {
  const schedule = new Schedule();
  expect(schedule.due(WHOLE)).toBe(READY);
  expect(schedule.isDue(WHOLE, samples(READY - 1))).toBe(false);
  expect(schedule.isDue(WHOLE, READY)).toBe(true);
});

test("what is lacking is looked for every 20 ms, and made as it is at its deadline", () => {
  const schedule = new Schedule();
  expect(schedule.due(LACKING)).toBe(READY + PLAYOUT_DELAY);
  expect(schedule.isDue(LACKING, samples(READY + PLAYOUT_DELAY - 1))).toBe(false);
  expect(made(schedule, () => 0)).toEqual({ now: DEADLINE, looks: 5 });
  // So is what follows, if that is overdue as well.
  expect(schedule.isDue({ ...LACKING, ready: samples(READY + 1_024) }, DEADLINE)).toBe(true);
});

test("a look that comes late does not tell what has come: the next one, 5 ms later, does", () => {
  const schedule = new Schedule();
  const halt = samples(DEADLINE + fromMillis(300));
  expect(schedule.isDue(LACKING, halt)).toBe(false);
  expect(schedule.due(LACKING)).toBe(halt + fromMillis(5));
  // What comes meanwhile was not late, since the line was.
  expect(schedule.lateFrom(LACKING)).toBe(READY + PLAYOUT_DELAY);
  expect(schedule.isDue(LACKING, samples(halt + fromMillis(5)))).toBe(true);
});

test("where every look comes late it is waited for 60 ms more, and no longer", () => {
  const { now } = made(new Schedule(), (look) => fromMillis(look === 1 ? 300 : 10));
  expect(now - READY - PLAYOUT_DELAY - fromMillis(300)).toBe(fromMillis(60));
});

test("a unit that is whole ends the wait", () => {
  const schedule = new Schedule();
  schedule.isDue(LACKING, samples(DEADLINE + 48_000));
  schedule.isDue(WHOLE, samples(DEADLINE + 48_000));
  const ready = samples(READY + 1_024);
  expect(schedule.due({ ...LACKING, ready })).toBe(ready + PLAYOUT_DELAY);
  expect(schedule.lateFrom({ ...LACKING, ready })).toBe(ready + PLAYOUT_DELAY);
  expect(schedule.lateFrom(WHOLE)).toBe(READY);
});
