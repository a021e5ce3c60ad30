import { describe, expect, test } from "vitest";
import {
  beginAnew,
  close,
  end,
  goLive,
  isForgotten,
  isRunning,
  open,
  rotateKey,
  type ShowRow,
} from "../../src/broadcast/lifecycle.ts";
import { PROFILES } from "../../src/media.ts";

const profile = PROFILES.low;
const timeline = { epoch: "mwq4yx3z", startedAt: 1_000, profile };
const later = { epoch: "mwq4zzzz", startedAt: 9_000, profile };

const announced: ShowRow = {
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

describe("what comes at the wrong time changes nothing:", () => {
  test.each<[string, (show: ShowRow) => ShowRow, ShowRow[]]>([
    ["opening", (show) => open(show, later), [opened, live, ended]],
    ["going live", goLive, [announced, live, ended]],
    ["beginning anew", (show) => beginAnew(show, later, "why"), [announced, ended]],
    ["closing", close, [announced, ended]],
    ["ending", (show) => end(show, 9_000), [ended]],
  ])("%s", (_, step, shows) => {
    for (const show of shows) expect(step(show)).toBe(show);
  });
});

test("a timeline that stood still for too long is replaced, and waits for its first host again", () => {
  const anew = { at: 9_000, why: "it stood still" };
  expect(beginAnew(live, later, anew.why)).toEqual({ ...announced, state: "open", timeline: later, anew });
});

test("its host key can be replaced at any time, and nothing else changes", () => {
  for (const show of [announced, opened, live, ended])
    expect(rotateKey(rotateKey(show))).toEqual({ ...show, keyGeneration: 2 });
});

describe("a show that nobody attends", () => {
  const attended = 100_000;
  const at = (minutes: number) => attended + minutes * 60_000;

  test.each<[string, ShowRow, number, boolean]>([
    ["open for 29 minutes", opened, 29, false],
    ["open for 30 minutes", opened, 30, true],
    ["live for 30 minutes", live, 30, true],
    ["live, which asked for a day, for 23 hours", { ...live, idleMinutes: 1_440 }, 1_380, false],
    ["live, which asked for a minute, for one", { ...live, idleMinutes: 1 }, 1, true],
    ["announced for a year", announced, 525_600, false],
    ["ended for a year", ended, 525_600, false],
  ])("is forgotten when its time has come, not before: %s", (_, show, minutes, is) => {
    expect(isForgotten(show, attended, at(minutes))).toBe(is);
  });

  test("is announced again once it is closed, and opens with another timeline, its key the same", () => {
    const rotated = rotateKey(live);
    expect(close(rotated)).toEqual({ ...announced, keyGeneration: 1 });
    expect(open(close(rotated), later)).toEqual({ ...rotated, state: "open", timeline: later });
  });
});
