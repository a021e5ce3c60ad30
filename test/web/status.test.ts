import { expect, test } from "vitest";
import { parseStatus } from "../../src/web/status.ts";

test("reads what the relay says and leaves out what it does not know", () => {
  const said = {
    id: "x",
    title: "T",
    state: "live",
    latency: "low",
    hosts: 2,
    meter: { peakDb: -6, rmsDb: -20 },
  };
  expect(parseStatus({ ...said, listeners: 12, startedAt: 1 })).toEqual({
    title: "T",
    state: "live",
    hosts: 2,
    listeners: 12,
    meter: { peakDb: -6, rmsDb: -20 },
  });
  expect(parseStatus({ state: "announced", meter: null })).toEqual({
    title: "",
    state: "announced",
    hosts: 0,
  });
});

test.each([null, 7, "live", {}, { state: "gone" }, []])("%j is no status", (json) => {
  expect(parseStatus(json)).toBeNull();
});
