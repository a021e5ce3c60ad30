import { expect, test } from "vitest";
import { type ChapterMark, ChapterMarks } from "../../src/broadcast/chapter-marks.ts";
import { chaptersOf, type Replayed } from "../../src/broadcast/chapters.ts";
import type { Note } from "../../src/events.ts";
import { AU_SAMPLES, samples } from "../../src/media.ts";
import { sqlite } from "../kit/sqlite.ts";

/** The chapters of a replay, made from places that are noted during the show. */

const STARTED_AT = 1_800_000_000_000;
const [FIRST, SECOND] = ["mwq4uj3r", "mwq4uj3s"];
/** Access units of eight seconds. */
const EIGHT_SECONDS = 375;

/**
 * A timeline that begins at `startedAt`. Its replay begins after `from` times eight seconds, and lasts `length` times
 * eight seconds.
 */
function timeline(epoch: string, startedAt: number, from: number, length: number): Replayed {
  const at = samples(from * EIGHT_SECONDS * AU_SAMPLES);
  const units = length * EIGHT_SECONDS;
  return { epoch, startedAt, blocks: [{ epoch, msn: 0, at, segments: 1, units, bytes: 1 }] };
}

/**
 * A replay of two timelines: two minutes from the first one's 64th second on, then 64 s from the second one's 8th
 * second on.
 */
const REPLAY = [timeline(FIRST, STARTED_AT, 8, 15), timeline(SECOND, STARTED_AT + 900_000, 1, 8)];

/** A place so many seconds after the beginning of a timeline's replayed part. */
const at = (second: number) => ({ epoch: FIRST, at: STARTED_AT + 64_000 + 1000 * second });
const later = (second: number) => ({ epoch: SECOND, at: STARTED_AT + 908_000 + 1000 * second });
const title = (title: string) => ({ kind: "title" as const, title });
const marker = (title: string) => ({ kind: "marker" as const, title });
const hosts = (hosts: number) => ({ kind: "hosts" as const, hosts });

function chapters(marks: readonly ChapterMark[], isWhole = true): [number, string][] {
  return chaptersOf(REPLAY, marks, "Its title now", isWhole).map(({ startMs, title }) => [startMs, title]);
}

test("the first chapter begins at 0 and has the title of that time, whatever the title is later", () => {
  expect(chapters([])).toEqual([[0, "Its title now"]]);
  expect(chapters([{ ...at(1.5), ...title("Live") }])).toEqual([[0, "Live"]]);
  const before = [
    { ...at(-50), ...title("Early") },
    { ...at(-30), ...title("Then") },
    { ...at(1.5), ...title("Then") },
    { ...at(30), ...title("Later") },
  ];
  expect(chapters(before)).toEqual([
    [0, "Then"],
    [30_000, "Later"],
  ]);
});

test("a chapter begins at each place, counted from the replay's begin and without the time between timelines", () => {
  expect(
    chapters([
      { ...at(-55), ...marker("Before anybody was heard") },
      { ...at(1), ...hosts(1) },
      { ...at(15), ...hosts(2) },
      { ...at(30), ...marker("Questions") },
      { ...at(60), ...hosts(1) },
      { ...at(118.5), ...hosts(0) },
      { ...later(-3), ...marker("Hold audio again") },
      { ...later(1.5), ...hosts(1) },
      { ...later(20), ...marker("Farewell") },
    ]),
  ).toEqual([
    [0, "Its title now"],
    [15_000, "A host joins"],
    [30_000, "Questions"],
    [60_000, "A host leaves"],
    [118_500, "A host leaves"],
    [121_500, "A host joins"],
    [140_000, "Farewell"],
  ]);
});

test("muted hosts make no chapter, and several changes at the same moment make one", () => {
  const places = [hosts(1), hosts(1), hosts(1)].map((place, n) => ({ ...at(10 + 10 * n), ...place }));
  expect(chapters(places)).toEqual([[0, "Its title now"]]);
  expect(chapters([...places, { ...at(40), ...hosts(2) }, { ...at(40.4), ...hosts(3) }])).toEqual([
    [0, "Its title now"],
    [40_000, "A host joins"],
  ]);
});

test("no chapter is shorter than a second: a shorter one joins the one before, and given names are kept", () => {
  expect(
    chapters([
      { ...at(0.6), ...marker("Welcome") },
      { ...at(10), ...hosts(1) },
      { ...at(20), ...hosts(2) },
      { ...at(20.9), ...marker("Two now") },
      { ...at(21.5), ...marker("And on") },
      { ...at(40), ...marker("One") },
      { ...at(41), ...marker("Two") },
      { ...later(63.5), ...hosts(0) },
      { ...later(64), ...marker("The end") },
      { ...later(84), ...marker("Beyond it") },
    ]),
  ).toEqual([
    [0, "Its title now / Welcome"],
    [20_000, "Two now"],
    [21_500, "And on"],
    [40_000, "One"],
    [41_000, "Two / The end / Beyond it"],
  ]);
});

test("while the show is on, places behind the last finished segment are not listed yet", () => {
  const places = [
    { ...later(24), ...marker("Said") },
    { ...later(64.5), ...marker("Not yet") },
  ];
  expect(chapters(places, false)).toEqual([
    [0, "Its title now"],
    [144_000, "Said"],
  ]);
});

test("a second timeline whose time is earlier, because the clock was set back, comes after the first", () => {
  const places = new ChapterMarks(sqlite());
  const setBack = STARTED_AT - 3_600_000;
  const note = (note: Note, epoch: string, at: number) =>
    places.note({ ...note, id: 1, at }, { epoch, title: "The title" });
  note({ kind: "live" }, FIRST, STARTED_AT + 65_000);
  note({ kind: "marker", title: "Questions" }, FIRST, STARTED_AT + 94_000);
  note({ kind: "live" }, SECOND, setBack + 9_000);
  note({ kind: "marker", title: "Answers" }, SECOND, setBack + 28_000);
  const replay = [timeline(FIRST, STARTED_AT, 8, 15), timeline(SECOND, setBack, 1, 8)];
  expect(chaptersOf(replay, places.all(), "Its title now", true)).toEqual([
    { startMs: 0, title: "The title" },
    { startMs: 30_000, title: "Questions" },
    { startMs: 140_000, title: "Answers" },
  ]);
});

test("places are stored without hosts' names and in bounded number, with a bound of its own for hosts' places", () => {
  const places = new ChapterMarks(sqlite());
  const note = (note: Note, id: number) =>
    places.note({ ...note, id, at: id }, { epoch: FIRST, title: "The title" });
  const host = { hostId: "h1", name: "Secret Name" };
  note({ kind: "live" }, 1);
  note({ kind: "marker", title: "Mark" }, 2);
  note({ kind: "hold-on" }, 3);
  note({ kind: "squeal", raised: true, host }, 4);
  for (let id = 5; id < 2_005; id++) note({ kind: "host-on", host, hosts: 3, onAir: ["Ada", "Ben"] }, id);
  note({ kind: "title", title: "Another" }, 2_005);
  const all = places.all();
  expect(all.slice(0, 2)).toEqual([
    { epoch: FIRST, at: 1, kind: "title", title: "The title" },
    { epoch: FIRST, at: 2, kind: "marker", title: "Mark" },
  ]);
  expect(all.slice(2, -1)).toEqual(
    Array.from({ length: 1_000 }, (_, n) => ({ epoch: FIRST, at: 1_005 + n, kind: "hosts", hosts: 2 })),
  );
  expect(all.at(-1)).toEqual({ epoch: FIRST, at: 2_005, kind: "title", title: "Another" });
  expect(JSON.stringify(all)).not.toMatch(/Secret|Ada|Ben/);
});
