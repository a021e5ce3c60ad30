import { expect, test } from "vitest";
import { MOST_MISSES, type Step, stepAfter } from "../../src/web/listen-plan.ts";
import type { PlayerState } from "../../src/web/player-state.ts";
import type { KnownStatus, StatusAnswer } from "../../src/web/status.ts";
import { ANNOUNCED } from "../kit/known-status.ts";

/** What the listener page does about each report: when it waits, plays and stops by itself. */

const STATUS: KnownStatus = { ...ANNOUNCED, autoOpen: false };
const status = (changes: Partial<KnownStatus> = {}): StatusAnswer => ({
  kind: "status",
  status: { ...STATUS, ...changes },
});
const UNREACHABLE: StatusAnswer = { kind: "unreachable" };
const MISSING: StatusAnswer = { kind: "missing" };

test.each<[string, StatusAnswer, number, Step]>([
  ["has not begun", status(), 0, "none"],
  ["has opened its doors", status({ state: "open" }), 0, "play"],
  ["is live", status({ state: "live" }), 0, "play"],
  ["has ended meanwhile", status({ state: "ended" }), 0, "disarm"],
  ["has ended meanwhile and has a replay", status({ state: "ended", replay: true }), 0, "disarm"],
  ["has been deleted", MISSING, 1, "disarm"],
  ["does not tell its state, for a moment", UNREACHABLE, MOST_MISSES - 1, "none"],
  ["does not tell its state any more", UNREACHABLE, MOST_MISSES, "play-in-doubt"],
])("a page that waits for a show which %s", (_, report, misses, step) => {
  expect(stepAfter(report, "stopped", true, misses)).toBe(step);
});

test.each<PlayerState>(["joining", "reconnecting"])("a player that is %s", (playing) => {
  const step = (report: StatusAnswer) => stepAfter(report, playing, false, 0);
  expect(step(MISSING), "gives up a show that has been deleted").toBe("stop");
  expect(step(status()), "waits for doors that only a host can open").toBe("arm");
  expect(step(status({ autoOpen: true })), "opens doors that listeners can open").toBe("none");
  for (const state of ["open", "live", "ended"] as const) expect(step(status({ state })), state).toBe("none");
  expect(stepAfter(UNREACHABLE, playing, false, 9), "does not depend on the status").toBe("none");
});

test.each<PlayerState>(["stopped", "playing", "replaying", "no-output", "blocked", "ended"])(
  "a player that is %s is left alone",
  (playing) => {
    for (const report of [MISSING, UNREACHABLE, status(), status({ state: "live" })])
      expect(stepAfter(report, playing, false, 9)).toBe("none");
  },
);
