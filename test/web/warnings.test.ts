import { describe, expect, test } from "vitest";
import { WARNINGS } from "../../src/events.ts";
import { readWarnings, warningText } from "../../src/web/warnings.ts";

/** What the studio tells its host of what the relay has found. */

describe("the sentence", () => {
  test("says what is wrong and what to do, of all that concerns a host", () => {
    const silent = WARNINGS.filter((kind) => warningText([kind], false) === null);
    expect(silent).toEqual(["silence", "dead-air"]);
    expect(warningText(["microphone-dead"], false)).toMatch(/^Your microphone delivers nothing: /);
  });

  test("is the one that matters most", () => {
    expect(warningText(["host-silent", "microphone-dead", "packet-loss"], false)).toMatch(/delivers nothing/);
    expect(warningText([], false)).toBeNull();
  });

  test('can stand after "You are on the air.", where the studio has it', () => {
    for (const kind of WARNINGS) expect(warningText([kind], false) ?? "").not.toMatch(/on the air/);
    expect(warningText(["host-silent"], false)).toMatch(/^You are silent: /);
  });

  test("does not tell of silence a host who is muted", () => {
    expect(warningText(["host-silent", "microphone-dead"], true)).toBeNull();
    expect(warningText(["host-silent", "packet-loss"], true)).toMatch(/network/);
  });
});

test("the header is read as far as it is known", () => {
  expect(readWarnings("squeal, too-quiet, of-later,")).toEqual(["too-quiet", "squeal"]);
  expect([readWarnings(""), readWarnings(null)]).toEqual([[], []]);
});
