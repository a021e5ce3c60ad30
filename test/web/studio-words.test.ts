import { expect, test } from "vitest";
import type { Sending } from "../../src/web/sending.ts";
import { type StudioFacts, studioWords } from "../../src/web/studio-words.ts";
import { ANNOUNCED } from "../kit/known-status.ts";

/** What the studio says, and what its main button does. Trouble with the microphone must not hide what else is wrong. */

const FACTS: StudioFacts = {
  hasKey: true,
  isKeyWrong: false,
  report: { kind: "status", status: ANNOUNCED },
  sending: { kind: "idle" },
  microphone: "none",
  isOpening: false,
  trouble: null,
  isMuted: false,
};
const SENDING: Extract<Sending, { kind: "sending" }> = {
  kind: "sending",
  session: "s",
  name: "Ada",
  warnings: [],
  audible: "yes",
};
const LOST: Sending = { kind: "lost", reason: "The connection was lost.", isFull: false };
const FAILED: Sending = { kind: "failed", reason: "The host key in this link is wrong.", isFull: false };
const BUSY = "The microphone is in use by another program.";
const ENDED: StudioFacts["report"] = { kind: "status", status: { ...ANNOUNCED, state: "ended" } };

test.each<[string, Partial<StudioFacts>]>([
  ["Test your microphone, or go live at once.", {}],
  ["Ready. You are not on the air.", { microphone: "open" }],
  ["Allow the microphone if the browser asks.", { isOpening: true }],
  ["This broadcast has ended.", { report: ENDED }],
  ["There is no broadcast at this address.", { report: { kind: "missing" } }],
  [
    "This link has no host key. Open the studio link you were given, to its last character.",
    { hasKey: false },
  ],
  ["The host key in this link is wrong. Ask for the studio link again.", { isKeyWrong: true }],
  ["This broadcast has ended.", { isKeyWrong: true, report: ENDED }],
  ["Connecting …", { sending: { kind: "connecting" }, microphone: "open" }],
  ["You are on the air.", { sending: SENDING, microphone: "open" }],
  [
    "You are on the air. Allow the microphone if the browser asks.",
    { sending: SENDING, microphone: "open", isOpening: true },
  ],
  [
    "You are on the air, but muted: listeners do not hear you.",
    { sending: SENDING, microphone: "open", isMuted: true },
  ],
  ["The connection was lost. Trying again by itself …", { sending: LOST, microphone: "open" }],
])("it says: %s", (sentence, facts) => {
  expect(studioWords({ ...FACTS, ...facts }).sentence).toBe(sentence);
});

test.each<[string, Partial<StudioFacts>]>([
  [BUSY, { trouble: BUSY }],
  ["The microphone was unplugged. Choose another.", { microphone: "lost" }],
  [`You are on the air. ${BUSY} The microphone before stays on.`, { sending: SENDING, microphone: "open" }],
  [
    "You are on the air. The microphone was unplugged. Choose another: you stay on the air, silent.",
    { sending: SENDING, microphone: "lost", trouble: null },
  ],
  [
    `You are on the air. The microphone was unplugged. Choose another: you stay on the air, silent. ${BUSY}`,
    { sending: SENDING, microphone: "lost" },
  ],
  [
    `You are on the air. ${BUSY} The microphone before stays on. ` +
      "Your loudspeaker and microphone squeal: use headphones, or turn the loudspeaker down.",
    { sending: { ...SENDING, warnings: ["squeal"] }, microphone: "open" },
  ],
  [
    `The connection was lost. Trying again by itself … ${BUSY} The microphone before stays on.`,
    { sending: LOST, microphone: "open" },
  ],
  [`The host key in this link is wrong. ${BUSY}`, { sending: FAILED, microphone: "open" }],
])("with trouble with the microphone it says: %s", (sentence, facts) => {
  const trouble = facts.microphone === "lost" && facts.sending === undefined ? null : BUSY;
  const words = studioWords({ ...FACTS, trouble, ...facts });
  expect(words).toMatchObject({ sentence, isBad: true });
});

test("an unplugged microphone's silence is not reported a second time", () => {
  const words = studioWords({
    ...FACTS,
    sending: { ...SENDING, warnings: ["microphone-dead"] },
    microphone: "lost",
  });
  expect(words.sentence).not.toContain("Your microphone delivers nothing");
});

test.each<[string, StudioFacts["sending"], Partial<StudioFacts>, "go" | "stop", boolean]>([
  ["nothing prevents it", { kind: "idle" }, {}, "go", false],
  ["the microphone is being opened", { kind: "idle" }, { isOpening: true }, "go", true],
  ["there is no key", { kind: "idle" }, { hasKey: false }, "go", true],
  ["there is no broadcast", { kind: "idle" }, { report: { kind: "missing" } }, "go", true],
  ["the broadcast has ended", FAILED, { report: ENDED }, "go", true],
  ["another microphone is being opened on the air", SENDING, { isOpening: true }, "stop", false],
  ["it tries again", LOST, { isOpening: true, report: ENDED }, "stop", false],
])("where %s, the main button is right", (_, sending, facts, button, isDisabled) => {
  expect(studioWords({ ...FACTS, sending, ...facts })).toMatchObject({ button, isDisabled });
});

test("where every place is taken, the page offers to take one, and says what that does", () => {
  for (const kind of ["failed", "lost"] as const) {
    const words = studioWords({ ...FACTS, sending: { kind, reason: "Every place is taken.", isFull: true } });
    expect(words.canTake).toBe(true);
    expect(words.sentence).toContain('Or press "Take a place": somebody else then goes off the air');
  }
  for (const sending of [FACTS.sending, SENDING, LOST, FAILED])
    expect(studioWords({ ...FACTS, sending }).canTake).toBe(false);
});
