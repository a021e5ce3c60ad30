import { expect, test } from "vitest";
import type { PlayerState } from "../../src/web/player-state.ts";
import type { KnownStatus, StatusAnswer } from "../../src/web/status.ts";
import { clock, words } from "../../src/web/words.ts";
import { ANNOUNCED } from "../kit/known-status.ts";

/** What a listener is told about a show that has not begun, and about one that is late. */

const NOW = new Date(2026, 11, 1, 19, 30).getTime();
const at = (hour: number, day = 1) => new Date(2026, 11, day, hour).toISOString();
/** The time as this machine's locale writes it. */
const timeAt = (hour: number) =>
  new Date(2026, 11, 1, hour).toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
const [SEVEN, EIGHT] = [timeAt(19), timeAt(20)];

test.each<[PlayerState, RegExp]>([
  ["stopped", /^How the show is can not be told.* Press play/],
  ["joining", /^Joining/],
  ["playing", /^You are listening\.$/],
  ["reconnecting", /^The connection was lost/],
])("where the state of the show is unknown and the player is %s", (playing, said) => {
  expect(words({ kind: "unreachable" }, playing, false, NOW)).toEqual({
    badge: playing === "playing" ? "Playing" : "Offline",
    sentence: expect.stringMatching(said),
  });
});

test("where the state of the show is unknown and the page waits for it, it is not told to press play again", () => {
  expect(words({ kind: "unreachable" }, "stopped", true, NOW).sentence).toMatch(/keep this page open\.$/);
});

test.each<[string, Partial<KnownStatus>, PlayerState, boolean, RegExp]>([
  ["announced", {}, "stopped", false, /^Not started yet\. Press play/],
  ["announced, and play was pressed", {}, "stopped", true, /keep this page open\.$/],
  [
    "announced for this evening",
    { opensAt: at(20) },
    "stopped",
    false,
    new RegExp(`it begins at ${EIGHT}\\. Press`),
  ],
  ["announced for tomorrow", { opensAt: at(20, 2) }, "stopped", false, /it begins on .*2.* at /],
  ["just opened by this listener", {}, "joining", false, /^Joining/],
  ["played, before its first host", {}, "playing", false, /^The doors are open/],
  ["open", { state: "open" }, "playing", false, /^The doors are open/],
  [
    "open before its time",
    { state: "open", opensAt: at(20) },
    "playing",
    false,
    new RegExp(`begins at ${EIGHT}\\.`),
  ],
  [
    "late",
    { state: "open", opensAt: at(19) },
    "playing",
    false,
    /^The show is late: it was to begin at .* Stay here\.$/,
  ],
  [
    "live, though late",
    { state: "live", hosts: 1, opensAt: at(19) },
    "playing",
    false,
    /^You are listening live/,
  ],
  ["ended", { state: "ended", opensAt: at(19) }, "stopped", false, /^This show has ended\.$/],
  [
    "ended, with a replay",
    { state: "ended", replay: true },
    "stopped",
    false,
    /^This show has ended\. Press play/,
  ],
  ["ended, and asked for again", { state: "ended", replay: true }, "joining", false, /^One moment/],
  [
    "ended, and heard again",
    { state: "ended", replay: true },
    "replaying",
    false,
    /^You are listening to a show that has ended/,
  ],
  [
    "ended while it was heard",
    { state: "ended", replay: true },
    "ended",
    false,
    /^The show has ended.* Press play/,
  ],
  ["ended without a replay", { state: "ended" }, "ended", false, /listening\.$/],
])("for a show that is %s", (_, status, playing, armed, said) => {
  const report: StatusAnswer = { kind: "status", status: { ...ANNOUNCED, ...status } };
  expect(words(report, playing, armed, NOW).sentence).toMatch(said);
});

test.each<[Partial<KnownStatus>, PlayerState, string]>([
  [{ state: "open" }, "playing", "Hold music: the show has not begun yet. Stay here."],
  [{ state: "open" }, "stopped", "The doors are open. The show is about to begin."],
  [{ state: "open", opensAt: at(20) }, "playing", `Hold music: the show begins at ${EIGHT}. Stay here.`],
  [
    { state: "open", opensAt: at(19) },
    "playing",
    `Hold music: the show is late: it was to begin at ${SEVEN}. Stay here.`,
  ],
  [{ state: "live" }, "playing", "Hold music: the host has dropped out and may come back: stay here."],
  [
    { state: "live", hosts: 1, opensAt: at(19) },
    "playing",
    "Hold music: nothing comes from the hosts at this moment. Stay here.",
  ],
  [{ state: "live", hosts: 1 }, "stopped", "On the air now. Press play to listen."],
  [{ state: "live", line: "silence" }, "playing", "The host has dropped out and may come back: stay here."],
])("with hold audio on the line, a show %o tells a listener who is %s: %s", (show, playing, said) => {
  const status = { ...ANNOUNCED, line: "hold", ...show } as KnownStatus;
  expect(words({ kind: "status", status }, playing, false, NOW).sentence.replace(/\u202f/g, " ")).toBe(
    said.replace(/\u202f/g, " "),
  );
});

test.each([
  [0, "0:00"],
  [9.9, "0:09"],
  [425, "7:05"],
  [3_599, "59:59"],
  [3_723, "1:02:03"],
  [36_000, "10:00:00"],
])("%d s of a replay are shown as %s", (seconds, said) => {
  expect(clock(seconds)).toBe(said);
});
