import { expect, test } from "vitest";
import type { Audible } from "../../src/session-state.ts";
import { audibility } from "../../src/web/audibility.ts";
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
  audibility(audible, false, { kind: "status", status: { ...SEEN, ...status } });

test.each<[string, string, Audible | null, Partial<KnownStatus>]>([
  ["is heard", "Listeners hear you.", "yes", {}],
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
  ["is heard beside Ben", "The relay is receiving you.", "yes", { hosts: 2, onAir: ["Ben", "Ada"] }],
  [
    "may be silent, and shares its key with another who is heard",
    "The relay is receiving you.",
    "yes",
    { hosts: 2, onAir: ["Host"] },
  ],
  [
    "sends silence",
    "The relay receives you, but hears only silence.",
    "yes",
    { meter: { peakDb: -96, rmsDb: -96 } },
  ],
  ["is heard, and not measured", "The relay is receiving you.", "yes", { meter: null }],
])("a host who %s is told: %s", (_, sentence, audible, status) => {
  expect(said(status, audible).sentence).toBe(sentence);
});

test("a host who is muted in its own page is not told that listeners hear it, whatever another host's level is", () => {
  for (const audible of ["yes", "muted"] as const)
    expect(audibility(audible, true, { kind: "status", status: { ...SEEN, listeners: 0 } })).toEqual({
      sentence: "Listeners do not hear you: you have muted yourself.",
      figures: "Nobody is listening.",
    });
});

test.each<[Partial<KnownStatus>, string]>([
  [{}, "The show is at -24 dB."],
  [{ listeners: 0 }, "The show is at -24 dB. Nobody is listening."],
  [{ listeners: 2, confidence: "high" }, "The show is at -24 dB. About 2 listening."],
  [{ listeners: 2, confidence: "low" }, "The show is at -24 dB. Perhaps 2 listening."],
  [{ hosts: 2, onAir: ["Ben", "Ada"] }, "The show is at -24 dB."],
  [{ line: "hold", listeners: 0 }, "Nobody is listening."],
  [{ hosts: 0 }, ""],
  [{ meter: { peakDb: -96, rmsDb: -96 } }, ""],
])("the figures for %o are: %s", (status, figures) => {
  expect(said(status).figures).toBe(figures);
});

test("figures that change during a show change no sentence, which a screen reader would read aloud", () => {
  const [one, other] = [
    said({ listeners: 2, confidence: "high" }),
    said({ listeners: 3, confidence: "high", meter: { peakDb: -8, rmsDb: -20 } }),
  ];
  expect(one.figures).not.toBe(other.figures);
  expect(one.sentence).toBe(other.sentence);
});

test("an unknown state of the relay is said to be unknown", () => {
  for (const report of [null, { kind: "unreachable" }, { kind: "missing" }] as const)
    for (const audible of ["yes", null] as const)
      expect(audibility(audible, false, report)).toEqual({
        sentence: "The relay's state can not be read just now.",
        figures: "",
      });
});

test("what the relay says of the session itself is told although its status can not be read", () => {
  for (const report of [null, { kind: "unreachable" }] as const) {
    expect(audibility("muted", false, report).sentence).toBe(MUTED);
    expect(audibility("not-yet", false, report).sentence).toBe("The relay does not hear you yet.");
    for (const audible of ["yes", "muted", null] as const)
      expect(audibility(audible, true, report).sentence).toBe(
        "Listeners do not hear you: you have muted yourself.",
      );
  }
});
