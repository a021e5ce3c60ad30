import { describe, expect, test } from "vitest";
import { WARNINGS } from "../../src/events.ts";
import { readWarnings, warningText } from "../../src/web/warnings.ts";

/** What the studio tells its host about the relay's warnings. */

describe("the sentence of a warning", () => {
  test("says what is wrong and what to do, for every warning that concerns a host", () => {
    const silent = WARNINGS.filter((kind) => warningText([kind], false) === null);
    expect(silent).toEqual(["silence", "dead-air"]);
    expect(warningText(["microphone-dead"], false)).toMatch(/^Your microphone delivers nothing: /);
  });

  test("is that of the most important warning", () => {
    expect(warningText(["host-silent", "microphone-dead", "packet-loss"], false)).toMatch(/delivers nothing/);
    expect(warningText([], false)).toBeNull();
  });

  test('can follow "You are on the air.", which the studio shows before it', () => {
    for (const kind of WARNINGS) expect(warningText([kind], false) ?? "").not.toMatch(/on the air/);
    expect(warningText(["host-silent"], false)).toMatch(/^You are silent: /);
  });

  test("tells a muted host nothing about silence", () => {
    expect(warningText(["host-silent", "microphone-dead"], true)).toBeNull();
    expect(warningText(["host-silent", "packet-loss"], true)).toMatch(/network/);
  });
});

test("unknown warnings in the header are ignored", () => {
  expect(readWarnings("squeal, too-quiet, of-later,")).toEqual(["too-quiet", "squeal"]);
  expect([readWarnings(""), readWarnings(null)]).toEqual([[], []]);
});
