import { describe, expect, test } from "vitest";
import { farewellOf } from "../../src/broadcast/farewell.ts";
import { HoldPlan, holdWish } from "../../src/broadcast/hold-plan.ts";
import {
  announce,
  announcedState,
  beginAnew,
  close,
  end,
  goLive,
  nextStep,
  open,
  sayFarewell,
} from "../../src/broadcast/lifecycle.ts";
import type { RunningRow } from "../../src/broadcast/show-row.ts";
import { AU_SAMPLES, PROFILES, samples } from "../../src/media.ts";
import { DETAILS } from "../kit/details.ts";

/** The end of a show that has an announcement for after the show. */

const NOW = 1_800_000_000_000;
const after = { version: "1", frames: 96_000, loudness: -18, gainDb: 0, setAt: NOW, everySeconds: 60 };
const announced = announce({ ...DETAILS, hold: "default", id: "a-b", latency: "low", bitrate: 128_000 }, NOW);
const live = goLive(
  open(
    { ...announced, announcements: { before: null, interrupted: null, after } },
    { epoch: "mwq4uj3r", startedAt: NOW, profile: PROFILES.low },
  ),
);

describe("a show that is to end", () => {
  test("has its farewell spoken for the announcement's length plus 5 s", () => {
    expect(farewellOf(live, true, NOW)).toEqual({ ...live, farewellUntil: NOW + 7_000 });
  });

  test.each<[string, RunningRow, boolean]>([
    ["nobody listens", live, false],
    ["it has no announcement", { ...live, announcements: announced.announcements }, true],
    ["it has no hold audio to speak over", { ...live, hold: "none" }, true],
    ["no host was ever heard", { ...live, state: "open" }, true],
    ["it has been asked to end before", sayFarewell(live, NOW), true],
  ])("ends at once where %s", (_, row, hasListeners) => {
    expect(farewellOf(row, hasListeners, NOW)).toBeNull();
  });

  test("takes no other step of its own before its end, whatever else is planned", () => {
    const row = sayFarewell(
      { ...live, endsAt: new Date(NOW + 1_000).toISOString(), idleMinutes: 1 },
      NOW + 7_000,
    );
    expect(nextStep(row, NOW - 3_600_000)).toEqual({ kind: "end", at: NOW + 7_000 });
    expect(announcedState(row)).toBe("after");
    expect(announcedState(live)).toBe("interrupted");
    expect(end(row, NOW + 7_000).farewellUntil).toBeNull();
    expect(close(row, NOW).farewellUntil).toBeNull();
  });

  test("still ends at its time if its timeline is replaced by a new one meanwhile", () => {
    const timeline = { ...live.timeline, epoch: "mwq4zzzz" };
    const anew = beginAnew(sayFarewell(live, NOW + 7_000), timeline, { at: NOW, why: "it stood still" });
    expect(nextStep(anew, NOW)).toEqual({ kind: "end", at: NOW + 7_000 });
    expect(farewellOf(anew, true, NOW + 7_000)).toBeNull();
  });

  test("has hold audio at once, even if it began less than a minute ago and hosts are there", () => {
    const there = { hosts: true, listeners: true, heardAt: null, deadAirSeconds: 0 };
    const wish = holdWish(sayFarewell(live, NOW + 7_000), there, NOW);
    expect(wish).toBe("at-once");
    expect(holdWish(sayFarewell(live, NOW + 7_000), { ...there, listeners: false }, NOW)).toBe("off");
    const begun = new HoldPlan({ from: samples(0), isOn: false });
    expect(begun.isToBegin(samples(AU_SAMPLES), "on")).toBe(false);
    expect(begun.isToBegin(samples(AU_SAMPLES), wish)).toBe(true);
  });
});
