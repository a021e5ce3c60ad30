import { expect, test } from "vitest";
import { Heard, placeOf, type Stretch } from "../../src/web/player-state.ts";

/** Where a listener goes on in a show that has ended: after a drop-out, after a press, and between two timelines. */

/** 10 s from this date on; then, after 100 s without media, another 10 s. */
const DATE = Date.parse("2026-01-01T12:00:00Z");
const LIST: readonly Stretch[] = [
  { start: 0, duration: 6, programDateTime: DATE },
  { start: 6, duration: 4, programDateTime: DATE + 6_000 },
  { start: 10, duration: 10, programDateTime: DATE + 110_000 },
];

test.each<[string, number | null, readonly Stretch[], number | null]>([
  ["its beginning", DATE, LIST, 0],
  ["a date in it", DATE + 7_500, LIST, 7.5],
  ["a date between two timelines", DATE + 50_000, LIST, 10],
  ["a date in its second timeline", DATE + 115_000, LIST, 15],
  ["a date before it", DATE - 1, LIST, null],
  ["its end, but for a quarter of a second", DATE + 119_750, LIST, null],
  ["a date after it", DATE + 200_000, LIST, null],
  ["no date", null, LIST, null],
  ["a date, where it tells none", DATE, [{ start: 0, duration: 6, programDateTime: null }], null],
  ["a date, where it has no media", DATE, [], null],
])("a list's place of %s", (_, date, list, place) => {
  expect(placeOf(date, list)).toBe(place);
});

/** A listener who has pressed play and hears the show live up to `date`. */
function live(date: number | null): Heard {
  const heard = new Heard();
  heard.press();
  expect(heard.start).toBe(-1);
  expect(heard.begin(true, [])).toBeNull();
  heard.sounds();
  heard.note(3, date);
  return heard;
}

test("who was cut off while the show ended goes on there, and from there after one more drop-out", () => {
  const heard = live(DATE + 7_500);
  expect(heard.begin(false, LIST)).toBe(7.5);
  expect([heard.replays, heard.start]).toEqual([true, 7.5]);
  heard.sounds();
  heard.note(8.5, null);
  expect(heard.begin(false, LIST)).toBeNull();
  expect(heard.start).toBe(8.5);
});

test.each([
  ["has heard all of it", DATE + 120_000],
  ["heard dates that the replay does not have", DATE - 5_000],
  ["has a browser that tells no dates", null],
])("for a listener who was cut off while the show ended, and who %s, it is over", (_, date) => {
  const heard = live(date);
  expect(heard.begin(false, LIST)).toBe("ended");
  heard.end();
  expect(heard.start).toBe(-1);
});

test("who presses play after a drop-out hears the replay from its start", () => {
  const heard = live(DATE + 7_500);
  heard.press();
  expect(heard.begin(false, LIST)).toBeNull();
  expect(heard.start).toBe(0);
});

test("who is cut off before the first sound hears the replay from its start, as the press said", () => {
  const heard = new Heard();
  heard.press();
  expect(heard.begin(true, [])).toBeNull();
  expect(heard.begin(false, LIST)).toBeNull();
  expect(heard.start).toBe(0);
});
