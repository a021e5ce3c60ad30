import { expect, test } from "vitest";
import type { Status } from "../../src/status.ts";
import { parseStatus } from "../../src/web/status.ts";

/** How pages read status.json. */

/** What the relay writes. By its type, a field that the relay does not send can not be put here. */
const SAID: Status = {
  id: "x",
  title: "T",
  description: "About it",
  artwork: "https://example.com/cover.png",
  language: "en",
  opensAt: "2026-12-01T20:00:00.000Z",
  autoOpen: true,
  state: "live",
  replay: false,
  latency: "low",
  hosts: 2,
  line: "hosts",
  onAir: ["Ada", "<b>Ben</b>"],
  listeners: 12,
  error95: 0.016,
  confidence: "high",
  meter: { peakDb: -6, rmsDb: -20 },
  lastEvent: 7,
  loudness: { momentary: -18, shortTerm: -18, integrated: -18, truePeakDb: -6 },
  startedAt: 1,
  endedAt: null,
};

test("known fields are read, and unknown ones are left out", () => {
  const { id: _, artwork, language, latency, loudness, startedAt, endedAt, ...seen } = SAID;
  expect(parseStatus({ ...SAID, more: 1 })).toEqual(seen);
  expect(parseStatus({ ...SAID, meter: null, listeners: null })).toMatchObject({
    meter: null,
    listeners: null,
  });
  expect(parseStatus({ state: "announced" })).toEqual({
    title: "",
    description: "",
    opensAt: null,
    autoOpen: false,
    state: "announced",
    replay: false,
    hosts: 0,
    onAir: [],
    line: null,
    listeners: null,
    error95: null,
    confidence: null,
    meter: null,
    lastEvent: 0,
  });
});

test("an invalid time is not shown", () => {
  expect(parseStatus({ ...SAID, opensAt: "soon" })?.opensAt).toBeNull();
});

test.each<[unknown, string[]]>([
  [7, []],
  ["Ada", []],
  [null, []],
  [[7, "Ada", 7], ["Ada"]],
  [
    ["Ada", "Ada", 7],
    ["Ada", "Ada"],
  ],
  [[null, "Ada", 7], ["Ada"]],
])("invalid names are left out: of %j remains %j", (onAir, left) => {
  expect(parseStatus({ ...SAID, onAir })?.onAir).toEqual(left);
});

test.each([null, 7, "live", {}, { state: "gone" }, []])("%j is not a status", (json) => {
  expect(parseStatus(json)).toBeNull();
});
