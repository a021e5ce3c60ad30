import { describe, expect, test } from "vitest";
import { announce, end, open, rotateKey, withAnnouncement } from "../../src/broadcast/lifecycle.ts";
import type { ShowRow } from "../../src/broadcast/show-row.ts";
import { readRow } from "../../src/broadcast/stored-show.ts";
import { PROFILES } from "../../src/media.ts";
import { DETAILS } from "../kit/details.ts";

/** Reads rows that other deploys stored, and damaged ones. */

const ID = "town-hall-8802xv";
const settings = {
  ...DETAILS,
  id: ID,
  title: "Town hall",
  description: "Questions and answers",
  opensAt: "2026-12-01T20:00:00.000Z",
  autoOpen: false,
  latency: "low" as const,
  bitrate: 96_000,
  idleMinutes: 5,
  maxHosts: 3,
};
const announced = rotateKey(announce(settings, 500));
const opened = open(announced, { epoch: "mwq4yx3z", startedAt: 1_000, profile: PROFILES.low });
/** A row as the first deploys wrote it. */
const old = {
  id: ID,
  title: "Town hall",
  latency: "low",
  bitrate: 96_000,
  createdAt: 500,
  state: "live",
  endedAt: null,
};

test.each<[string, ShowRow]>([
  ["announced", announced],
  ["open", opened],
  ["ended", end(opened, 2_000)],
])("a row is read as it was written: %s", (_, show) => {
  expect(readRow(JSON.stringify(show), ID)).toEqual({ kind: "whole", row: show });
});

test("a row of the first deploys gets the first key, its profile by name, 30 idle minutes, and no doors for listeners", () => {
  const timeline = { epoch: "mwq4yx3z", startedAt: 1_000 };
  expect(readRow(JSON.stringify({ ...old, timeline }), ID)).toEqual({
    kind: "whole",
    row: {
      ...DETAILS,
      hold: "default",
      autoOpen: false,
      // Nobody was told then that the show would be removed by itself.
      retainDays: null,
      ...old,
      timeline: { ...timeline, profile: PROFILES.low },
      keyGeneration: 0,
      farewellUntil: null,
      hostsLeftAt: null,
      lateFor: null,
      held: null,
      ownHold: null,
      announcements: { before: null, interrupted: null, after: null },
      anew: null,
    },
  });
});

test("an unreadable announcement is dropped, and the show and its other announcement stay", () => {
  const said = {
    version: "mwq4yx3z",
    frames: 96_000,
    loudness: null,
    gainDb: -3,
    setAt: 500,
    everySeconds: 60,
  };
  const show = withAnnouncement(withAnnouncement(opened, "before", said), "interrupted", said);
  expect(readRow(JSON.stringify(show), ID)).toEqual({ kind: "whole", row: show });
  const damaged = { ...show, announcements: { before: said, interrupted: { ...said, frames: -1 } } };
  expect(readRow(JSON.stringify(damaged), ID)).toEqual({
    kind: "whole",
    row: withAnnouncement(opened, "before", said),
  });
});

test("an unreadable time is dropped, and the show and its timeline stay", () => {
  const times = { opensAt: "-000001-12-31T19:00:00.000Z", endsAt: "+010000-01-01T04:59:59.000Z" };
  const damaged = { ...opened, ...times, lateFor: times.opensAt };
  expect(readRow(JSON.stringify(damaged), ID)).toEqual({
    kind: "whole",
    row: { ...opened, opensAt: null, endsAt: null, lateFor: null },
  });
});

test("a profile with other numbers than the present ones is kept", () => {
  const profile = { ...PROFILES.low, partUnits: 12, segmentUnits: 96 };
  const show = open(announced, { epoch: "mwq4yx3z", startedAt: 1_000, profile });
  expect(readRow(JSON.stringify(show), ID)).toEqual({ kind: "whole", row: show });
});

describe("a damaged row", () => {
  const timeline = (profile: object) => ({ epoch: "mwq4yx3z", startedAt: 1_000, profile });
  test.each<[string, object]>([
    ["a running show without a timeline", { ...opened, timeline: null }],
    [
      "a profile whose segment is not whole parts",
      { ...opened, timeline: timeline({ ...PROFILES.low, partUnits: 17 }) },
    ],
    ["a profile that lacks a number", { ...opened, timeline: timeline({ latency: "low" }) }],
    ["an epoch that is none", { ...opened, timeline: { ...timeline(PROFILES.low), epoch: 7 } }],
    ["no id", { ...opened, id: undefined }],
  ])("keeps what can be read: %s", (_, row) => {
    expect(readRow(JSON.stringify(row), ID)).toEqual({ kind: "damaged", row: announced, wasRunning: true });
  });

  test("has defaults for what can not be read", () => {
    const row = {
      ...opened,
      title: 7,
      latency: "lowest",
      bitrate: -1,
      state: "paused",
      keyGeneration: "x",
      idleMinutes: 0,
      maxHosts: 9,
      description: 7,
      opensAt: "soon",
    };
    expect(readRow(JSON.stringify(row), ID)).toEqual({
      kind: "damaged",
      row: {
        ...announced,
        title: "Untitled show",
        description: "",
        opensAt: null,
        latency: "balanced",
        bitrate: 128_000,
        idleMinutes: 30,
        maxHosts: 8,
        keyGeneration: 0,
        farewellUntil: null,
      },
      wasRunning: false,
    });
  });

  test("of an ended show is read as an ended show", () => {
    const row = { ...end(opened, 2_000), title: null };
    const { kind, row: show } = readRow(JSON.stringify(row), ID);
    expect([kind, show.state, show.endedAt, show.timeline]).toEqual(["damaged", "ended", 2_000, null]);
  });

  test.each(["", "garbage", "null", "7", "[]", '"x"', "{}"])(
    "without any content is an announced show: %j",
    (text) => {
      expect(readRow(text, ID)).toMatchObject({
        kind: "damaged",
        row: { id: ID, title: "Untitled show", state: "announced", timeline: null },
        wasRunning: false,
      });
    },
  );
});
