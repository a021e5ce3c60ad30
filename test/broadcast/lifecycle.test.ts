import { describe, expect, test } from "vitest";
import {
  type AnnouncedRow,
  beginAnew,
  close,
  end,
  forgottenAt,
  goLive,
  isRunning,
  open,
  type RunningRow,
  rotateKey,
  type ShowRow,
} from "../../src/broadcast/lifecycle.ts";
import { PROFILES } from "../../src/media.ts";

/** From announced to ended, with and without anybody there. */

const profile = PROFILES.low;
const timeline = { epoch: "mwq4yx3z", startedAt: 1_000, profile };
const later = { epoch: "mwq4zzzz", startedAt: 9_000, profile };

const announced: AnnouncedRow = {
  id: "town-hall-8802xv",
  title: "Town hall",
  latency: "low",
  bitrate: 128_000,
  createdAt: 500,
  state: "announced",
  timeline: null,
  endedAt: null,
  idleMinutes: 30,
  keyGeneration: 0,
  anew: null,
};
const opened = open(announced, timeline);
const live = goLive(opened);
const ended = end(live, 5_000);

test("a show is announced, open, live, ended", () => {
  expect([announced, opened, live, ended].map(({ state }) => state)).toEqual([
    "announced",
    "open",
    "live",
    "ended",
  ]);
  expect([announced, opened, live, ended].map(isRunning)).toEqual([false, true, true, false]);
  expect(ended).toEqual({ ...announced, state: "ended", timeline, endedAt: 5_000 });
});

test("it may end before its doors opened", () => {
  expect(end(announced, 700)).toEqual({ ...announced, state: "ended", endedAt: 700 });
});

test("what comes at the wrong time can not be said: none of these compiles", () => {
  const steps = () => [
    // @ts-expect-error: only an announced show is opened.
    open(opened, later),
    // @ts-expect-error: nor one that has ended.
    open(ended, later),
    // @ts-expect-error: only a show that runs goes live,
    goLive(announced),
    // @ts-expect-error: begins anew,
    beginAnew(ended, later, { at: 9_000, why: "why" }),
    // @ts-expect-error: and is closed.
    close(announced),
    // @ts-expect-error: only one that has not ended ends.
    end(ended, 9_000),
    // @ts-expect-error: a show that runs has a timeline,
    { ...opened, timeline: null } satisfies ShowRow,
    // @ts-expect-error: one whose doors are closed has none,
    { ...announced, timeline } satisfies ShowRow,
    // @ts-expect-error: and neither has an end.
    { ...live, endedAt: 5_000 } satisfies ShowRow,
  ];
  expect(steps).toBeTypeOf("function");
  expect(goLive(live)).toBe(live);
});

test("a timeline that stood still for too long is replaced, and waits for its first host again", () => {
  const anew = { at: 9_000, why: "it stood still" };
  expect(beginAnew(live, later, anew)).toEqual({ ...announced, state: "open", timeline: later, anew });
});

test("its host key can be replaced at any time, and nothing else changes", () => {
  for (const show of [announced, opened, live, ended])
    expect(rotateKey(rotateKey(show))).toEqual({ ...show, keyGeneration: 2 });
});

describe("a show that nobody attends", () => {
  const attended = 100_000;
  const at = (minutes: number) => attended + minutes * 60_000;

  test.each<[string, RunningRow, number]>([
    ["half an hour", opened, 30],
    ["half an hour, live too", live, 30],
    ["a day, which it asked for", { ...live, idleMinutes: 1_440 }, 1_440],
    ["a minute, which it asked for", { ...live, idleMinutes: 1 }, 1],
  ])("is closed after %s", (_, row, minutes) => {
    expect(forgottenAt(row, attended)).toBe(at(minutes));
  });

  test("is announced again once it is closed, and opens with another timeline, its key the same", () => {
    const rotated = rotateKey(live);
    expect(close(rotated)).toEqual({ ...announced, keyGeneration: 1 });
    expect(open(close(rotated), later)).toEqual({ ...rotated, state: "open", timeline: later });
  });
});
