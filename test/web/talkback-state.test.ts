import { expect, test } from "vitest";
import { type TalkbackState, talkbackSentence } from "../../src/web/talkback-state.ts";

// What a host is told about hearing the others.

const named = (name: string) => ({ name });
const hearing = (parts: Partial<Extract<TalkbackState, { kind: "hearing" }>>): TalkbackState => ({
  kind: "hearing",
  voices: [],
  waiting: [],
  isBlocked: false,
  isDucked: false,
  ...parts,
});

test.each<[string, TalkbackState]>([
  ["", { kind: "off" }],
  ["Connecting you with the other hosts …", { kind: "connecting" }],
  [
    "You can not hear the other hosts at the moment; you are still on the air. Trying again by itself …",
    { kind: "lost" },
  ],
  ["No other host is here.", hearing({})],
  ["You hear Ada. Wear headphones, or they hear themselves.", hearing({ voices: [named("Ada")] })],
  [
    "You hear Ada, Ben and Eve. Wear headphones, or they hear themselves.",
    hearing({ voices: ["Ada", "Ben", "Eve"].map(named) }),
  ],
  [
    "You do not hear Ben and Eve yet; you are still on the air.",
    hearing({ voices: [named("Ada")], waiting: [named("Ben"), named("Eve")] }),
  ],
  [
    "Your browser wants one more press on this page before you hear the other hosts.",
    hearing({ voices: [named("Ada")], isBlocked: true, isDucked: true }),
  ],
  [
    "Your microphone squeals, so the others are turned down. Wear headphones.",
    hearing({ voices: [named("Ada")], isDucked: true }),
  ],
])("%s", (sentence, state) => {
  expect(talkbackSentence(state)).toBe(sentence);
});
