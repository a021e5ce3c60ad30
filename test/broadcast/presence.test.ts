import { expect, test } from "vitest";
import { Presence } from "../../src/broadcast/presence.ts";
import type { HostState } from "../../src/broadcast-api.ts";

/** Who counts as being at a show, by which hold audio is made. */

const LIST = { kind: "playlist", id: "show", epoch: "mwq4yx3z", directives: {} } as never;
const since = (state: HostState["state"], at: number): HostState => ({ state, since: at });

test("nobody listens before the first read, except after a restart in the middle of hold audio", () => {
  const presence = new Presence(1_000);
  expect(presence.attendance([], false, 1_000).listeners).toBe(false);
  expect(presence.attendance([], true, 1_000).listeners).toBe(true);
  expect(presence.attendance([], true, 11_001).listeners).toBe(false);
  presence.read(LIST, "mwq4yx3z", 20_000);
  expect(presence.attendance([], false, 30_000).listeners).toBe(true);
  expect(presence.attendance([], false, 30_001).listeners).toBe(false);
});

test("a session that has sent nothing for 10 s is no host, but one that was heard is", () => {
  const presence = new Presence(0);
  expect(presence.attendance([since("connecting", 0)], false, 9_999).hosts).toBe(true);
  expect(presence.attendance([since("connecting", 0)], false, 10_000).hosts).toBe(false);
  expect(presence.attendance([since("connecting", 0), since("heard", 1)], false, 60_000).hosts).toBe(true);
  expect(presence.attendance([since("reattaching", 0)], false, 60_000).hosts).toBe(true);
  expect(presence.attendance([], false, 0).hosts).toBe(false);
});
