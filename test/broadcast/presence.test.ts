import { describe, expect, test } from "vitest";
import { Presence, type Session } from "../../src/broadcast/presence.ts";

/** Who counts as being at a show: by that hold audio is made, doors close, and a show ends after its last host. */

const LIST = { kind: "playlist", id: "show", epoch: "mwq4yx3z", directives: {} } as never;
const MINUTE = 60_000;

/**
 * A session of which nothing has come for `quiet` ms: `connecting` (nothing ever), `heard`, `reattaching` (its socket is lost),
 * `restarted` (the same, and the object is new), or `redialled` (the SFU has dialled again, `onSocket` ms ago).
 */
function session(
  how: "connecting" | "heard" | "reattaching" | "restarted" | "redialled",
  quiet: number,
  onSocket = Number.POSITIVE_INFINITY,
): Session {
  const isNew = how === "connecting" || how === "restarted";
  return {
    state: { state: how === "restarted" || how === "redialled" ? "reattaching" : how, since: 0 },
    heardAt: isNew ? null : 1,
    quietMs: () => quiet,
    socketQuietMs: () => (how === "heard" || how === "redialled" ? Math.min(quiet, onSocket) : null),
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
    [
      "may be there while the SFU's new socket is 2.9 s old",
      [session("redialled", MINUTE, 2_999)],
      "unknown",
    ],
    [
      "are gone when nothing has come on the new socket for 3 s",
      [session("redialled", MINUTE, 3_000)],
      "gone",
    ],
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

  describe("may have been there for as long as an outage of the SFU lasted: once they are gone, that is no absence", () => {
    const heard = [session("heard", 20)];

    test.each<[string, Session[]]>([
      ["a session whose socket was lost", [session("reattaching", 5 * MINUTE)]],
      ["a session whose new socket brings nothing", [session("redialled", 5 * MINUTE, 2_000)]],
      ["a host who connects and is never heard", [session("connecting", 9_000)]],
    ])("%s", (_, sessions) => {
      const presence = new Presence(0);
      presence.hosted(heard, MINUTE);
      expect(presence.hosted([], 2 * MINUTE)).toEqual({ kind: "gone", since: MINUTE - 20 });
      presence.hosted(sessions, 6 * MINUTE);
      expect(presence.hosted([], 6 * MINUTE + 500)).toEqual({ kind: "gone", since: 6 * MINUTE });
      expect(presence.hosted([], MINUTE), "the wall clock was set back").toEqual({
        kind: "gone",
        since: MINUTE,
      });
      presence.hosted(heard, 7 * MINUTE);
      expect(presence.hosted([], 8 * MINUTE)).toEqual({ kind: "gone", since: 7 * MINUTE - 20 });
    });

    test("a host whom the SFU does not take, for 30 s after each try", () => {
      const presence = new Presence(0);
      presence.hosted(heard, MINUTE);
      presence.keptAway(2 * MINUTE);
      expect(presence.hosted([], 2 * MINUTE + 29_999)).toEqual({ kind: "unknown" });
      expect(presence.hosted([], 2 * MINUTE + 30_000)).toEqual({ kind: "gone", since: 2 * MINUTE + 29_999 });
      presence.keptAway(3 * MINUTE);
      expect(presence.hosted([], 3 * MINUTE)).toEqual({ kind: "unknown" });
      presence.hosted(heard, 3 * MINUTE + 5_000);
      expect(presence.hosted([], 3 * MINUTE + 10_000), "who is then taken, and leaves").toEqual({
        kind: "gone",
        since: 3 * MINUTE + 4_980,
      });
    });

    test("a host whom the SFU does not take, for half an hour from its own first try, whatever was in doubt before", () => {
      const presence = new Presence(0);
      presence.hosted(heard, 0);
      presence.hosted([session("reattaching", 31_000)], 31_000);
      expect(presence.hosted([], 35 * MINUTE)).toEqual({ kind: "gone", since: 31_000 });
      for (let wall = 35 * MINUTE; wall < 65 * MINUTE; wall += 20_000) {
        presence.keptAway(wall);
        expect(presence.hosted([], wall + 10_000)).toEqual({ kind: "unknown" });
      }
      presence.keptAway(65 * MINUTE);
      expect(presence.hosted([], 65 * MINUTE)).toEqual({ kind: "gone", since: 65 * MINUTE - 10_000 });
    });

    test.each<[string, Session[]]>([
      ["a host whom the SFU does not take", []],
      ["a host who connects and is never heard", [session("connecting", 9_000)]],
    ])("but not %s for longer than half an hour, however often the host tries", (_, sessions) => {
      const presence = new Presence(0);
      presence.hosted(heard, 0);
      let whereabouts = presence.hosted([], 5_000);
      for (let wall = MINUTE; wall < 40 * MINUTE; wall += 20_000) {
        if (sessions.length === 0) presence.keptAway(wall);
        presence.hosted(sessions, wall);
        whereabouts = presence.hosted([], wall + 15_000);
        if (wall < 30 * MINUTE) expect(whereabouts).not.toMatchObject({ since: -20 });
      }
      expect(whereabouts).toEqual({ kind: "gone", since: expect.any(Number) });
      const { since } = whereabouts as { since: number };
      expect(since).toBeGreaterThan(30.5 * MINUTE);
      expect(since).toBeLessThan(31 * MINUTE);
    });
  });

  test("who have not been heard for half an hour do not attend the show", () => {
    const presence = new Presence(0);
    presence.hosted([session("connecting", 30 * MINUTE - 1)], 1_000);
    expect(presence.lastAt).toBe(1_000);
    presence.hosted([session("connecting", 30 * MINUTE), session("reattaching", 31 * MINUTE)], 2_000);
    expect(presence.lastAt).toBe(1_000);
  });
});
