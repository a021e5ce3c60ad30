import { expect, test } from "vitest";
import { Rescue } from "../../src/web/rescue.ts";
import { random, unit } from "../kit/random.ts";

/** When a page turns to the copy, and when it looks whether the relay is well again. */

const PATIENCE = 1280;

/** One that plays the primary, and had media of it at 10,000 ms. */
function playing(random = () => 0.5): Rescue {
  const rescue = new Rescue(random);
  rescue.join(9_000);
  rescue.moved(10_000, PATIENCE);
  return rescue;
}

test("asks the copy when media is overdue, and no more once it has come", () => {
  const rescue = playing();
  expect(rescue.isInDoubt(10_000 + PATIENCE)).toBe(false);
  expect(rescue.isInDoubt(10_001 + PATIENCE)).toBe(true);
  rescue.moved(11_400, PATIENCE);
  expect(rescue.isInDoubt(11_500)).toBe(false);
  expect(rescue.source).toBe("primary");
});

test("asks the copy at once when the primary has said that it can not, and in the join after that", () => {
  const rescue = playing();
  rescue.failed();
  expect(rescue.isInDoubt(10_001)).toBe(true);
  rescue.join(10_500);
  expect(rescue.isInDoubt(10_501)).toBe(true);
  rescue.moved(10_900, PATIENCE);
  expect(rescue.isInDoubt(10_901)).toBe(false);
});

test("a join may take 1.5 s", () => {
  const rescue = new Rescue();
  rescue.join(0);
  expect(rescue.isInDoubt(1_500)).toBe(false);
  expect(rescue.isInDoubt(1_501)).toBe(true);
});

test.each([
  [0, 15_000],
  [0.5, 32_500],
  [1, 50_000],
])("on the copy, the primary is looked at after a drawn time: %d gives %d ms", (drawn, wait) => {
  const rescue = playing(() => drawn);
  rescue.toCopy(20_000);
  expect(rescue.source).toBe("copy");
  rescue.moved(20_000 + wait, 3_000);
  expect(rescue.shallLook(20_000 + wait - 1)).toBe(false);
  expect(rescue.shallLook(20_000 + wait)).toBe(true);
  rescue.stillIll(20_000 + wait);
  expect(rescue.shallLook(20_000 + 2 * wait - 1)).toBe(false);
  expect(rescue.shallLook(20_000 + 2 * wait)).toBe(true);
  rescue.toPrimary(20_000 + 2 * wait);
  expect(rescue.source).toBe("primary");
  expect(rescue.shallLook(1e9)).toBe(false);
  expect(rescue.isInDoubt(20_000 + 2 * wait + 1)).toBe(false);
});

test.each([10, 60, 600])(
  "of 2,000 pages that fall at once, all are back within a minute of the recovery %d s later, and few in any second",
  (outage) => {
    const draw = random(outage);
    const backs = Array.from({ length: 2000 }, () => {
      const rescue = playing(() => unit(draw));
      rescue.toCopy(0);
      for (let now = 0; ; now += 100) {
        rescue.moved(now, 3_000);
        if (!rescue.shallLook(now)) continue;
        if (now >= 1000 * outage) return now - 1000 * outage;
        rescue.stillIll(now);
      }
    });
    expect(Math.max(...backs)).toBeLessThanOrEqual(50_100);
    const bySecond = Map.groupBy(backs, (back) => Math.floor(back / 1000));
    // A page is back after 32.5 s on the average: 62 of them in a second, were they drawn from all along.
    expect(Math.max(...[...bySecond.values()].map(({ length }) => length))).toBeLessThan(125);
  },
);

test.each([
  [PATIENCE, 6_000],
  [6_000, 12_000],
])("where neither brings anything, all is lost: parts due within %d ms, after %d ms", (patience, lost) => {
  const rescue = playing();
  rescue.moved(20_000, patience);
  expect(rescue.isLost(20_000 + lost)).toBe(false);
  expect(rescue.isLost(20_001 + lost)).toBe(true);
  rescue.toCopy(27_000);
  expect(rescue.isLost(27_000 + lost)).toBe(false);
  expect(rescue.isLost(27_001 + lost)).toBe(true);
});

test("where the copy brings nothing either, the primary is looked at every two seconds", () => {
  const rescue = playing();
  rescue.toCopy(20_000);
  rescue.moved(21_000, 3_000);
  rescue.dry(24_000);
  expect(rescue.shallLook(24_000)).toBe(false);
  rescue.dry(24_001);
  expect(rescue.shallLook(24_001)).toBe(true);
  rescue.stillIll(24_100);
  expect(rescue.shallLook(26_099)).toBe(false);
  expect(rescue.shallLook(26_100)).toBe(true);
});
