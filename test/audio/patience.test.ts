import { expect, test } from "vitest";
import { HOLD } from "../../src/audio/delay.ts";
import { Patience } from "../../src/audio/patience.ts";
import { fromMillis } from "../../src/media.ts";

const END = 100_000;
const DEADLINE = END + fromMillis(120);

/** When it is made as it is by looks that come `late` samples after they are due, and how many there were. */
function made(patience: Patience, end: number, deadline: number, late: (look: number) => number) {
  for (let looks = 1, now = 0; ; looks++) {
    now = Math.max(now, patience.due(end, deadline)) + late(looks);
    if (patience.isOver(now, end, deadline)) return { now, looks };
  }
}

test("what is lacking is looked for every 20 ms, and made as it is at its deadline", () => {
  const patience = new Patience();
  expect(patience.due(END, DEADLINE)).toBe(END + HOLD);
  expect(patience.isOver(END + HOLD - 1, END, DEADLINE)).toBe(false);
  expect(made(patience, END, DEADLINE, () => 0)).toEqual({ now: DEADLINE, looks: 5 });
  // So is what follows, if that is overdue as well.
  expect(patience.isOver(DEADLINE, END + 1_024, DEADLINE)).toBe(true);
});

test("a look that comes late does not tell what has come: the next one, 5 ms later, does", () => {
  const patience = new Patience();
  const halt = DEADLINE + fromMillis(300);
  expect(patience.isOver(halt, END, DEADLINE)).toBe(false);
  expect(patience.due(END, DEADLINE)).toBe(halt + fromMillis(5));
  // What comes meanwhile was not late, since the line was.
  expect(patience.lateFrom(END, DEADLINE)).toBe(END + HOLD);
  expect(patience.isOver(halt + fromMillis(5), END, DEADLINE)).toBe(true);
});

test("where every look comes late it is waited for 60 ms more, and no longer", () => {
  const { now } = made(new Patience(), END, DEADLINE, (look) => fromMillis(look === 1 ? 300 : 10));
  expect(now - END - HOLD - fromMillis(300)).toBe(fromMillis(60));
});

test("a stretch that was whole ends the wait", () => {
  const patience = new Patience();
  patience.isOver(DEADLINE + 48_000, END, DEADLINE);
  patience.reset();
  expect(patience.due(END, DEADLINE)).toBe(END + HOLD);
  expect(patience.lateFrom(END, DEADLINE)).toBe(END + HOLD);
});
