import { describe, expect, test } from "vitest";
import { Presence, type Session } from "../../src/broadcast/presence.ts";

/** Who counts as being at a show: by that hold audio is made, doors close, and a show ends after its last host. */

const LIST = { kind: "playlist", id: "show", epoch: "mwq4yx3z", directives: {} } as never;
const MINUTE = 60_000;

/**
 * A session of which nothing has come for `quiet` ms: `connecting` (nothing ever), `heard`, `reattaching` (its socket is lost),
 * or `restarted` (the same, and the object is new).
 */
function session(how: "connecting" | "heard" | "reattaching" | "restarted", quiet: number): Session {
  const isNew = how === "connecting" || how === "restarted";
  return {
    state: { state: how === "restarted" ? "reattaching" : how, since: 0 },
    isAwaited: how !== "heard",
    heardAt: isNew ? null : 1,
    quietMs: () => quiet,
  };
}

test("nobody listens before the first read, except after a restart in the middle of hold audio", () => {
  const presence = new Presence(1_000);
  expect(presence.attendance([], false, 1_000).listeners).toBe(false);
  expect(presence.attendance([], true, 1_000).listeners).toBe(true);
  expect(presence.attendance([], true, 11_001).listeners).toBe(false);
  presence.read(LIST, "mwq4yx3z", 20_000);
  expect(presence.attendance([], false, 30_000).listeners).toBe(true);
  expect(presence.attendance([], false, 30_001).listeners).toBe(false);
});

describe("for hold audio, a host", () => {
  test.each<[string, Session[], boolean, boolean]>([
    [
      "who has sent nothing for 9.9 s since it connected may still be heard",
      [session("connecting", 9_999)],
      false,
      true,
    ],
    [
      "who has sent nothing for 10 s since it connected is not there",
      [session("connecting", 10_000)],
      false,
      false,
    ],
    ["who paused for 2.9 s is there", [session("heard", 2_999)], false, true],
    ["who has sent nothing for 3 s is not there", [session("heard", 3_000)], false, false],
    ["is there beside another who is not", [session("heard", 60_000), session("heard", 20)], false, true],
    ["whose socket has just been lost is there", [session("reattaching", 2_999)], false, true],
    ["whose socket was lost an hour ago is not", [session("reattaching", 60 * MINUTE)], false, false],
    ["of a restarted object is there for 3 s", [session("restarted", 2_999)], false, true],
    ["of a restarted object is not there if hold audio was on", [session("restarted", 0)], true, false],
    ["who is heard is there, although hold audio was on", [session("heard", 0)], true, true],
  ])("%s", (_, sessions, isHeld, hosts) => {
    expect(new Presence(0).attendance(sessions, isHeld, 100_000).hosts).toBe(hosts);
  });

  test("was last there at its last message, whatever becomes of its session", () => {
    const presence = new Presence(0);
    const heardAt = (sessions: Session[], wall: number) => presence.attendance(sessions, false, wall).heardAt;
    expect(heardAt([session("connecting", 0)], 50_000), "none was ever heard").toBeNull();
    expect(heardAt([session("heard", 20)], 100_000)).toBe(99_980);
    expect(heardAt([session("heard", 4_020), session("heard", 60_000)], 104_000)).toBe(99_980);
    expect(heardAt([], 105_000)).toBe(99_980);
    expect(heardAt([], 40_000), "the wall clock was set back").toBe(40_000);
  });
});

describe("for the show's end, hosts", () => {
  test.each<[string, Session[], "there" | "unknown" | "gone"]>([
    ["are there while one is heard", [session("heard", 2_999), session("heard", 60_000)], "there"],
    ["are there while one may still be heard", [session("connecting", 9_999)], "there"],
    ["are gone with the last one's connection", [], "gone"],
    ["are gone 3 s after the last message on a socket that stays open", [session("heard", 3_000)], "gone"],
    ["may be there while the SFU is away", [session("reattaching", 29 * MINUTE)], "unknown"],
    ["are given up after half an hour of that", [session("reattaching", 30 * MINUTE)], "gone"],
    ["may be there right after a restart", [session("restarted", 0)], "unknown"],
    ["are gone if the one who connects is never heard", [session("connecting", 10_000)], "gone"],
  ])("%s", (_, sessions, kind) => {
    expect(new Presence(0).hosted(sessions, 100 * MINUTE).kind).toBe(kind);
  });

  test("are gone since the last message of any of them", () => {
    const presence = new Presence(0);
    expect(presence.hosted([], 1_000), "none has been there").toEqual({ kind: "gone", since: 1_000 });
    expect(presence.hosted([session("heard", 20)], 5_000)).toEqual({ kind: "there" });
    expect(presence.hosted([session("heard", 60_000)], 9_000)).toEqual({ kind: "gone", since: 4_980 });
  });

  test("who have not been heard for half an hour do not attend the show", () => {
    const presence = new Presence(0);
    presence.hosted([session("connecting", 30 * MINUTE - 1)], 1_000);
    expect(presence.lastAt).toBe(1_000);
    presence.hosted([session("connecting", 30 * MINUTE), session("reattaching", 31 * MINUTE)], 2_000);
    expect(presence.lastAt).toBe(1_000);
  });
});
