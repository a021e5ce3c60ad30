import { expect, test } from "vitest";
import type { Status } from "../../src/status.ts";
import { parseStatus } from "../../src/web/status.ts";

/** What pages make of status.json. */

/** What the relay writes: a field that it does not send can not be put here. */
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

test("reads what the relay says and leaves out what it does not know", () => {
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

test("a time that is none is not shown", () => {
  expect(parseStatus({ ...SAID, opensAt: "soon" })?.opensAt).toBeNull();
});

test.each([[7], ["Ada"], [null]])("names that are none are left out: %j", (onAir) => {
  expect(parseStatus({ ...SAID, onAir })?.onAir).toEqual([]);
  expect(parseStatus({ ...SAID, onAir: [onAir, "Ada", 7] })?.onAir).toEqual(
    typeof onAir === "string" ? [onAir, "Ada"] : ["Ada"],
  );
});

test.each([null, 7, "live", {}, { state: "gone" }, []])("%j is no status", (json) => {
  expect(parseStatus(json)).toBeNull();
});
