import { expect, test } from "vitest";
import { crowdText, onAirText } from "../../src/web/people.ts";

/** What pages say about who speaks and how many listen. */

test.each<[string[], string]>([
  [[], ""],
  [["Host"], ""],
  [["Ada"], "On the air: Ada"],
  [["Ada", "Host"], "On the air: Ada, Host"],
  [["Ada", "<b>Ben</b>"], "On the air: Ada, <b>Ben</b>"],
])("the hosts %j are shown as %j", (onAir, said) => expect(onAirText({ onAir, line: "hosts" })).toBe(said));

test("under hold audio no host is shown as on the air: the last one may have been muted", () => {
  expect(onAirText({ onAir: ["Ada"], line: "hold" })).toBe("");
});

const thousands = (count: number) => count.toLocaleString();

test.each<[number | null, number | null, "high" | "low" | null, string]>([
  [null, null, null, ""],
  [2, 0.016, "high", "about 2 listening"],
  [2, 0.016, "low", "perhaps 2 listening"],
  [63, 0.016, "high", "about 63 listening"],
  [640, 0.016, "high", "about 640 listening"],
  [6_437, 0.016, "high", `about ${thousands(6_400)} listening`],
  [1_234_567, 0.016, "high", `about ${thousands(1_230_000)} listening`],
  [1_234_567, null, "high", `about ${thousands(1_234_567)} listening`],
])(
  "%s listeners, with an error of %s and confidence %s, are shown as %j",
  (listeners, error95, confidence, said) => {
    expect(crowdText({ listeners, error95, confidence })).toBe(said);
  },
);
