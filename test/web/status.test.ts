import { expect, test } from "vitest";
import type { Status } from "../../src/status.ts";
import { parseStatus } from "../../src/web/status.ts";

/** What pages make of status.json. */

/** What the relay writes: a field that it does not send can not be put here. */
const SAID: Status = {
  id: "x",
  title: "T",
  state: "live",
  latency: "low",
  hosts: 2,
  listeners: 12,
  meter: { peakDb: -6, rmsDb: -20 },
  startedAt: 1,
  endedAt: null,
};

test("reads what the relay says and leaves out what it does not know", () => {
  const { title, state, hosts, listeners, meter } = SAID;
  expect(parseStatus({ ...SAID, more: 1 })).toEqual({ title, state, hosts, listeners, meter });
  expect(parseStatus({ ...SAID, meter: null, listeners: null })).toMatchObject({
    meter: null,
    listeners: null,
  });
  expect(parseStatus({ state: "announced" })).toEqual({
    title: "",
    state: "announced",
    hosts: 0,
    listeners: null,
    meter: null,
  });
});

test.each([null, 7, "live", {}, { state: "gone" }, []])("%j is no status", (json) => {
  expect(parseStatus(json)).toBeNull();
});
