import { expect, test } from "vitest";
import type { Audible } from "../../src/session-state.ts";
import { audibilityText } from "../../src/web/audibility.ts";
import type { KnownStatus } from "../../src/web/status.ts";
import { ANNOUNCED } from "../kit/known-status.ts";

/** What a host is told about whether listeners hear it: about itself, and not about any other host. */

const SEEN: KnownStatus = {
  ...ANNOUNCED,
  state: "live",
  hosts: 1,
  onAir: ["Ada"],
  line: "hosts",
  meter: { peakDb: -10, rmsDb: -23.6 },
};
const MUTED = "Listeners do not hear you: your producer has muted you.";
const said = (status: Partial<KnownStatus>, audible: Audible | null = "yes") =>
  audibilityText(audible, false, { kind: "status", status: { ...SEEN, ...status } });

test.each<[string, string, Audible | null, Partial<KnownStatus>]>([
  ["is heard", "Listeners hear you, at -24 dB.", "yes", {}],
  ["has just gone on the air", "The relay does not hear you yet.", null, {}],
  [
    "is not heard yet",
    "The relay does not hear you yet.",
    "not-yet",
    { hosts: 0, onAir: [], line: "silence" },
  ],
  [
    "is not heard yet, before a show with hold audio",
    "The relay does not hear you yet.",
    "not-yet",
    { hosts: 0, onAir: [], line: "hold" },
  ],
  [
    "is not heard yet, while another host of the same name is",
    "The relay does not hear you yet.",
    "not-yet",
    {},
  ],
  [
    "is heard, and the status is older",
    "The relay is receiving you.",
    "yes",
    { hosts: 0, onAir: [], line: "silence" },
  ],
  ["has been muted, and Ben is heard", MUTED, "muted", { hosts: 2, onAir: ["Ben"] }],
  ["has been muted, and nobody else is on", MUTED, "muted", { onAir: [] }],
  ["is silent, and hold audio sounds", "Listeners hear hold audio, not you.", "yes", { line: "hold" }],
  ["is heard beside Ben", "The show is at -24 dB.", "yes", { hosts: 2, onAir: ["Ben", "Ada"] }],
  [
    "sends silence",
    "The relay receives you, but hears only silence.",
    "yes",
    { meter: { peakDb: -96, rmsDb: -96 } },
  ],
  ["is heard, and not measured", "The relay is receiving you.", "yes", { meter: null }],
])("a host who %s is told: %s", (_, sentence, audible, status) => {
  expect(said(status, audible)).toBe(sentence);
});

test("a host who is muted in its own page is not told that listeners hear it, whatever another host's level is", () => {
  for (const audible of ["yes", "muted"] as const)
    expect(audibilityText(audible, true, { kind: "status", status: { ...SEEN, listeners: 0 } })).toBe(
      "Listeners do not hear you: you have muted yourself. Nobody is listening.",
    );
});

test.each<[Partial<KnownStatus>, string]>([
  [{ listeners: 0 }, "Listeners hear you, at -24 dB. Nobody is listening."],
  [{ listeners: 2, confidence: "high" }, "Listeners hear you, at -24 dB. About 2 listening."],
  [{ listeners: 2, confidence: "low" }, "Listeners hear you, at -24 dB. Perhaps 2 listening."],
])("the sentence for %o is: %s", (status, sentence) => {
  expect(said(status)).toBe(sentence);
});

test("an unknown state of the relay is said to be unknown", () => {
  for (const report of [null, { kind: "unreachable" }, { kind: "missing" }] as const)
    for (const audible of ["yes", null] as const)
      expect(audibilityText(audible, false, report)).toBe("The relay's state can not be read just now.");
});

test("what the relay says of the session itself is told although its status can not be read", () => {
  for (const report of [null, { kind: "unreachable" }] as const) {
    expect(audibilityText("muted", false, report)).toBe(MUTED);
    expect(audibilityText("not-yet", false, report)).toBe("The relay does not hear you yet.");
    for (const audible of ["yes", "muted", null] as const)
      expect(audibilityText(audible, true, report)).toBe(
        "Listeners do not hear you: you have muted yourself.",
      );
  }
});
