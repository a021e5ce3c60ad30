import { describe, expect, test } from "vitest";
import { notesOf } from "../../src/broadcast/chronicle.ts";
import {
  announcedState,
  beginAnew,
  change,
  close,
  end,
  goLive,
  isRemovalDue,
  nextStep,
  open,
  removalAt,
  rotateKey,
  sayLate,
  unfit,
  withHold,
  withHosts,
  withOwnHold,
} from "../../src/broadcast/lifecycle.ts";
import { type AnnouncedRow, isRunning, type RunningRow, type ShowRow } from "../../src/broadcast/show-row.ts";
import type { Changes } from "../../src/broadcast-api.ts";
import { PROFILES, samples } from "../../src/media.ts";
import { DETAILS } from "../kit/details.ts";

/** The life of a show, from announced to ended: its states, its steps, and the events that each step causes. */

const profile = PROFILES.low;
const timeline = { epoch: "mwq4yx3z", startedAt: 1_000, profile };
const later = { epoch: "mwq4zzzz", startedAt: 9_000, profile };

const announced: AnnouncedRow = {
  ...DETAILS,
  hold: "default",
  id: "town-hall-8802xv",
  title: "Town hall",
  latency: "low",
  bitrate: 128_000,
  createdAt: 500,
  state: "announced",
  timeline: null,
  endedAt: null,
  keyGeneration: 0,
  hostsLeftAt: null,
  farewellUntil: null,
  lateFor: null,
  held: null,
  ownHold: null,
  announcements: { before: null, interrupted: null, after: null },
  anew: null,
};
const opened = open(announced, timeline);
const live = goLive(opened);
const ended = end(live, 5_000);
const THERE = { kind: "there" } as const;
const UNKNOWN = { kind: "unknown" } as const;
const gone = (since: number) => ({ kind: "gone", since }) as const;

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

test("a show has one announcement until a host has been heard, and another from then on, even without hosts", () => {
  expect([opened, live, withHosts(live, gone(9_000))].map(announcedState)).toEqual([
    "before",
    "interrupted",
    "interrupted",
  ]);
});

test("a show may end before its doors open", () => {
  expect(end(announced, 700)).toEqual({ ...announced, state: "ended", endedAt: 700 });
});

describe("every step of a show in every state", () => {
  const OPENS_AT = "2026-12-01T12:00:00.000Z";
  const anew = { at: 9_000, why: "why" };
  const held = { from: samples(0), isOn: true };
  const own = { version: "1", frames: 480_000, loopFrom: 0, loudness: -20, gainDb: -4, setAt: 1 };
  const running = (row: RunningRow): [string, ShowRow][] => [
    ["goes live", goLive(row)],
    ["begins anew", beginAnew(row, later, anew)],
    ["closes", close(row, 9_000)],
    ["loses its hosts", withHosts(row, gone(9_000))],
    ["has hold audio", withHold(row, held)],
    ["ends", end(row, 9_000)],
  ];
  const any = <Row extends ShowRow>(row: Row): [string, ShowRow][] => [
    ["is called otherwise", change(row, { title: "Other" })],
    ["is late", sayLate({ ...row, opensAt: OPENS_AT })],
    ["has hold audio of its own", withOwnHold(row, own)],
    ["has its key replaced", rotateKey(row)],
  ];

  /** The events that each of those steps causes, in their order. */
  const ofRunning = (state: "open" | "live") => [
    `goes live: live, ${state === "open" ? "live" : ""}`,
    "begins anew: open, opened",
    "closes: announced, closed",
    `loses its hosts: ${state},`,
    `has hold audio: ${state}, hold-on`,
    "ends: ended, ended",
  ];
  const ofAny = (state: ShowRow["state"]) => [
    `is called otherwise: ${state}, title Other`,
    `is late: ${state}, late`,
    `has hold audio of its own: ${state},`,
    `has its key replaced: ${state},`,
  ];

  test.each<[ShowRow, [string, ShowRow][], string[]]>([
    [
      announced,
      [["opens", open(announced, timeline)], ["ends", end(announced, 9_000)], ...any(announced)],
      ["opens: open, opened", "ends: ended, ended", ...ofAny("announced")],
    ],
    [opened, [...running(opened), ...any(opened)], [...ofRunning("open"), ...ofAny("open")]],
    [live, [...running(live), ...any(live)], [...ofRunning("live"), ...ofAny("live")]],
    [ended, any(ended), ofAny("ended")],
  ])("$state: the state after each step, and the events that it causes", (before, steps, expected) => {
    const table = steps.map(
      ([step, after]) =>
        `${step}: ${after.state}, ${notesOf(before, after).map((note) => Object.values(note).join(" "))}`,
    );
    expect(table.map((row) => row.trimEnd())).toEqual(expected.map((row) => row.trimEnd()));
  });

  test.each<[string, ShowRow]>([
    ["nothing", live],
    ["a description", change(live, { description: "Other" })],
    ["another time to open", change({ ...live, opensAt: OPENS_AT }, { opensAt: null })],
  ])("%s causes no event", (_, after) => {
    expect(notesOf(live, after)).toEqual([]);
  });

  test("its own hold audio is used from then on", () => {
    expect(withOwnHold(live, own)).toEqual({ ...live, hold: "own", ownHold: own });
  });

  test("a step that is not in that table does not compile", () => {
    const steps = () => [
      // @ts-expect-error: only an announced show is opened: not one that is open,
      open(opened, later),
      // @ts-expect-error: live,
      open(live, later),
      // @ts-expect-error: or has ended.
      open(ended, later),
      // @ts-expect-error: Only a show that runs goes live,
      goLive(announced),
      // @ts-expect-error: not one that has ended.
      goLive(ended),
      // @ts-expect-error: Only one that runs begins anew,
      beginAnew(announced, later, anew),
      // @ts-expect-error: not one that has ended.
      beginAnew(ended, later, anew),
      // @ts-expect-error: Only one that runs is closed,
      close(announced, 9_000),
      // @ts-expect-error: not one that has ended.
      close(ended, 9_000),
      // @ts-expect-error: Only one that runs has hosts,
      withHosts(announced, gone(9_000)),
      // @ts-expect-error: not one that has ended.
      withHosts(ended, gone(9_000)),
      // @ts-expect-error: Only one that runs has hold audio,
      withHold(announced, held),
      // @ts-expect-error: not one that has ended.
      withHold(ended, held),
      // @ts-expect-error: Only one that has not ended ends.
      end(ended, 9_000),
      // @ts-expect-error: A show that runs has a timeline,
      { ...opened, timeline: null } satisfies ShowRow,
      // @ts-expect-error: one whose doors are closed has none,
      { ...announced, timeline } satisfies ShowRow,
      // @ts-expect-error: and neither has an end.
      { ...live, endedAt: 5_000 } satisfies ShowRow,
    ];
    expect(steps).toBeTypeOf("function");
  });
});

test("a timeline that stood still for too long is replaced, and waits for its first host again", () => {
  const anew = { at: 9_000, why: "it stood still" };
  const open = { ...announced, state: "open", timeline: later, anew };
  expect(beginAnew(opened, later, anew)).toEqual(open);
  expect(beginAnew(live, later, anew)).toEqual({ ...open, hostsLeftAt: 9_000 });
});

test("a show's host key can be replaced at any time, and nothing else changes", () => {
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
    expect(nextStep(row, attended)).toEqual({ kind: "close", at: at(minutes) });
  });

  test("is announced again once it is closed, and opens with another timeline and the same key", () => {
    const rotated = rotateKey(live);
    expect(close(rotated, 9_000)).toEqual({ ...announced, keyGeneration: 1 });
    expect(open(close(rotated, 9_000), later)).toEqual({ ...rotated, state: "open", timeline: later });
  });
});

describe("what a show does by itself", () => {
  const NOON = Date.UTC(2026, 11, 1, 12);
  const hour = (hours: number) => NOON + hours * 3_600_000;
  const iso = (hours: number) => new Date(hour(hours)).toISOString();
  const planned = { ...announced, opensAt: iso(1), endsAt: iso(3) };

  test.each<[string, AnnouncedRow | RunningRow, ReturnType<typeof nextStep>]>([
    ["does nothing without a time to open or end", announced, null],
    ["opens at its time", planned, { kind: "open", at: hour(1) }],
    ["ends at its time, open", { ...opened, endsAt: iso(0.25) }, { kind: "end", at: hour(0.25) }],
    ["ends at its time, live", { ...live, endsAt: iso(0.25) }, { kind: "end", at: hour(0.25) }],
    ["ends though it never opened", { ...announced, endsAt: iso(3) }, { kind: "end", at: hour(3) }],
    ["closes first, if that is due first", { ...live, endsAt: iso(3) }, { kind: "close", at: hour(0.5) }],
    ["opens only once", { ...opened, opensAt: iso(-1), lateFor: iso(-1) }, { kind: "close", at: hour(0.5) }],
    ["says that it is late", { ...opened, opensAt: iso(-1) }, { kind: "late", at: hour(-1) }],
    [
      "says only once that it is late",
      sayLate({ ...opened, opensAt: iso(-1) }),
      { kind: "close", at: hour(0.5) },
    ],
    [
      "says again that it is late for another time",
      { ...opened, opensAt: iso(0.1), lateFor: iso(-1) },
      { kind: "late", at: hour(0.1) },
    ],
    ["is not late once a host is heard", { ...live, opensAt: iso(-1) }, { kind: "close", at: hour(0.5) }],
    [
      "is not late because its timeline began anew",
      beginAnew({ ...live, opensAt: iso(-1) }, later, { at: NOON, why: "it stood still" }),
      { kind: "close", at: hour(0.5) },
    ],
    [
      "ends when its hosts have been gone for the time set",
      { ...live, endAfterMinutes: 15, hostsLeftAt: NOON },
      { kind: "end", at: hour(0.25) },
    ],
    [
      "ends so even with closed doors",
      { ...announced, endAfterMinutes: 45, hostsLeftAt: NOON },
      { kind: "end", at: hour(0.75) },
    ],
    ["does not before the first host", { ...opened, endAfterMinutes: 1 }, { kind: "close", at: hour(0.5) }],
  ])("a show %s", (_, row, step) => {
    expect(nextStep(row, NOON)).toEqual(step);
  });

  test("an ended show is removed after its days are over, never before, and never where it is to be kept", () => {
    const over = { ...end(live, NOON), retainDays: 30 };
    expect(removalAt(over)).toBe(hour(30 * 24));
    expect([isRemovalDue(over, hour(30 * 24) - 1), isRemovalDue(over, hour(30 * 24))]).toEqual([false, true]);
    for (const row of [
      { ...live, retainDays: 1 },
      { ...over, retainDays: null },
      { ...over, endedAt: null },
    ])
      expect([removalAt(row), isRemovalDue(row, hour(1e6))]).toEqual([null, false]);
  });

  test("a time to open is dropped when the doors close after it, and kept while it is still to come", () => {
    const early = { ...live, opensAt: iso(1) };
    expect(close(early, hour(0.5)).opensAt).toBe(iso(1));
    expect(close(early, hour(1)).opensAt).toBeNull();
  });

  test("the hosts have left when the last of them has, and are back with the next", () => {
    const left = withHosts(live, gone(NOON));
    expect(left.hostsLeftAt).toBe(NOON);
    expect(withHosts(left, gone(hour(1)))).toBe(left);
    expect(withHosts(left, THERE)).toEqual(live);
    expect(withHosts(opened, gone(NOON)), "nobody has been heard yet").toBe(opened);
    expect(withHosts(live, THERE)).toBe(live);
    expect(withHosts(live, UNKNOWN), "the SFU may be away").toBe(live);
    expect(withHosts(left, UNKNOWN), "the SFU may have kept away a host who seemed to have left").toEqual(
      live,
    );
    const anew = beginAnew(left, later, { at: NOON, why: "it stood still" });
    expect(withHosts(anew, gone(hour(1))).hostsLeftAt, "a timeline that begins anew changes nothing").toBe(
      NOON,
    );
    const again = beginAnew(anew, timeline, { at: hour(2), why: "it stood still again" });
    expect(again.hostsLeftAt, "nor does a second one").toBe(NOON);
  });

  test("a live show whose timeline begins anew ends as long after that as is set, unless a host is heard again", () => {
    const withLimit = { ...live, endAfterMinutes: 15 };
    const anew = beginAnew(withLimit, later, { at: NOON, why: "it stood still" });
    const ends = { kind: "end", at: hour(0.25) };
    expect(nextStep(withHosts(anew, gone(hour(0.1))), hour(0.1))).toEqual(ends);
    const connected = withHosts(anew, THERE);
    expect(nextStep(connected, hour(0.1)), "a host is connected, and is not heard").toEqual(ends);
    expect(withHosts(goLive(connected), THERE).hostsLeftAt).toBeNull();
    const reopened = open(close(withHosts(withLimit, gone(NOON)), hour(0.1)), later);
    const tried = withHosts(withHosts(reopened, THERE), gone(hour(0.2)));
    expect(nextStep(tried, hour(0.2)), "the host who connected in between was not heard").toEqual(ends);
  });

  test.each<[string, Changes, string | null]>([
    ["an end that has passed", { endsAt: iso(-1) }, "endsAt"],
    ["an end that is now", { endsAt: iso(0) }, "endsAt"],
    ["an end before the opening", { opensAt: iso(2), endsAt: iso(1) }, "endsAt"],
    ["an opening after the end that there is", { opensAt: iso(4) }, "opensAt"],
    ["an opening that has passed", { opensAt: iso(-1) }, null],
    ["both, in their order", { opensAt: iso(5), endsAt: iso(6) }, null],
    ["no end", { endsAt: null, opensAt: iso(9) }, null],
  ])("a change to %s is accepted or refused", (_, changes, field) => {
    const problem = unfit({ ...planned, ...changes }, changes, NOON);
    if (field === null) expect(problem).toBeNull();
    else expect(problem).toMatchObject({ status: 400, message: expect.stringContaining(`"${field}"`) });
  });

  test("an end that has passed may be sent back unchanged, but no other past end is accepted", () => {
    const over = { ...planned, opensAt: iso(-3), endsAt: iso(-2) };
    expect(unfit(over, { opensAt: iso(-3), endsAt: iso(-2) }, NOON, over)).toBeNull();
    const other = { endsAt: iso(-1) };
    expect(unfit({ ...over, ...other }, other, NOON, over)).toMatchObject({ status: 400 });
  });

  test("a time that has passed already does not prevent another change", () => {
    expect(unfit({ ...planned, endsAt: iso(-2), opensAt: iso(-3) }, { title: "Another" }, NOON)).toBeNull();
  });
});

test("unwanted hold audio ends, and an event says so, even if no host is heard instead", () => {
  const held = { from: samples(0), isOn: true };
  const sounding = withHold(opened, held);
  const unwanted = withHold(change(sounding, { hold: "none" }), held);
  expect(unwanted.held).toEqual({ ...held, isOn: false });
  expect(notesOf(sounding, unwanted)).toEqual([{ kind: "hold-off" }]);
});
