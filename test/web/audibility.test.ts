import { describe, expect, test } from "vitest";
import { audibilityText } from "../../src/web/audibility.ts";
import type { KnownStatus } from "../../src/web/status.ts";

/** What a host is told about whether listeners hear it: about itself, and not about any other host. */

const SEEN: KnownStatus = {
  title: "T",
  description: "",
  opensAt: null,
  autoOpen: true,
  state: "live",
  hosts: 1,
  onAir: ["Ada"],
  line: "hosts",
  listeners: null,
  error95: null,
  confidence: null,
  meter: { peakDb: -10, rmsDb: -23.6 },
  lastEvent: 0,
  replay: false,
};
const NOT_YOU = "Listeners do not hear you: the relay does not yet, or your producer has muted you.";
const said = (status: Partial<KnownStatus>, name = "Ada") =>
  audibilityText(name, { kind: "status", status: { ...SEEN, ...status } });

describe("a host called Ada", () => {
  test.each<[string, string, Partial<KnownStatus>]>([
    ["is heard", "Listeners hear you, at -24 dB.", {}],
    ["is not heard yet", "The relay does not hear you yet.", { hosts: 0, onAir: [], line: "silence" }],
    [
      "is not heard yet, before a show with hold audio",
      "The relay does not hear you yet.",
      { hosts: 0, onAir: [], line: "hold" },
    ],
    ["is not heard yet, and Ben is", NOT_YOU, { onAir: ["Ben"] }],
    ["has been muted, and Ben is heard", NOT_YOU, { hosts: 2, onAir: ["Ben"] }],
    ["has been muted, and nobody else is on", NOT_YOU, { onAir: [] }],
    ["is silent, and hold audio sounds", "Listeners hear hold audio, not you.", { line: "hold" }],
    ["is heard beside Ben", "The show is at -24 dB.", { hosts: 2, onAir: ["Ben", "Ada"] }],
    [
      "sends silence",
      "The relay receives you, but hears only silence.",
      { meter: { peakDb: -96, rmsDb: -96 } },
    ],
    ["is heard, and not measured", "The relay is receiving you.", { meter: null }],
  ])("%s: %s", (_, sentence, status) => {
    expect(said(status)).toBe(sentence);
  });
});

test("a host whose name is unknown is told the level of the whole show", () => {
  expect(said({}, "")).toBe("Listeners hear you, at -24 dB.");
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
    expect(audibilityText("Ada", report)).toBe("The relay's state can not be read just now.");
});
