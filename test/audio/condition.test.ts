import { describe, expect, test } from "vitest";
import { Condition, type Verdict } from "../../src/audio/condition.ts";
import { Conditions } from "../../src/audio/conditions.ts";
import { uniforms } from "../kit/random.ts";

/** Conditions are raised and cleared with hysteresis, and do not flap at their thresholds. */

const PATIENCE = { raise: 100, forget: 20, clear: 40 };

/**
 * The course of a condition under verdicts of 10 samples each: "b" is bad, "g" good, "-" between. "^" marks where it is raised,
 * "v" where it is cleared.
 */
function course(verdicts: string): string {
  const condition = new Condition(PATIENCE);
  const names: Record<string, Verdict> = { b: "bad", g: "good", "-": "between" };
  return [...verdicts]
    .map((letter) => {
      const raised = condition.push(names[letter] as Verdict, 10);
      return letter + (raised === null ? "" : raised ? "^" : "v");
    })
    .join("");
}

describe("a condition", () => {
  test.each([
    ["is raised when it has been bad for long enough", "bbbbbbbbbb^bbb"],
    ["is not raised earlier", "bbbbbbbbbgg"],
    ["forgets bad samples once it has been good for a while", "bbbbbbbbbggbbbbbbbbbb^"],
    ["does not forget them for one good moment", "bbbbbbbbbgb^"],
    ["neither counts nor forgets where the verdict is between", "bbbbb-----bbbbb^"],
    ["is cleared when it has been good for long enough", "bbbbbbbbbb^ggggvggg"],
    ["is not cleared by good moments", "bbbbbbbbbb^gggbgggbgggb"],
    ["is not cleared while the verdict is between", "bbbbbbbbbb^--------g-g-g-gv"],
    ["takes as long to be raised again as the first time", "bbbbbbbbbb^ggggvbbbbbbbbbb^"],
  ])("%s", (_, expected) => {
    expect(course(expected.replace(/[\^v]/g, ""))).toBe(expected);
  });

  test("at the threshold, where bad and between alternate at random, is raised once and never cleared", () => {
    const next = uniforms(3);
    const condition = new Condition(PATIENCE);
    const changes = Array.from({ length: 10_000 }, () =>
      condition.push(next() < 0.5 ? "bad" : "between", 10),
    ).filter((raised) => raised !== null);
    expect(changes).toEqual([true]);
  });

  test("lasts from its first bad sample on, and can be ended at once", () => {
    const condition = new Condition(PATIENCE);
    condition.push("bad", 60);
    expect(condition.lasts).toBe(60);
    condition.push("bad", 500);
    expect([condition.lasts, condition.isRaised]).toEqual([560, true]);
    expect([condition.end(), condition.end()]).toEqual([true, false]);
    expect([condition.lasts, condition.isRaised]).toEqual([0, false]);
  });
});

test("conditions report what has changed, each by its name; without a verdict a condition does not change", () => {
  const conditions = new Conditions({ one: PATIENCE, other: { ...PATIENCE, raise: 50 } });
  expect(conditions.push({ one: "bad", other: "bad" }, 50)).toEqual([{ kind: "other", raised: true }]);
  expect(conditions.push({ one: "bad" }, 50)).toEqual([{ kind: "one", raised: true }]);
  expect(conditions.push({ one: "good" }, 40)).toEqual([{ kind: "one", raised: false }]);
  expect(conditions.lasts("other")).toBe(50);
  expect(conditions.end()).toEqual([{ kind: "other", raised: false }]);
});
