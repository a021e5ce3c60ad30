import { expect, test } from "vitest";
import { Rescue } from "../../src/web/rescue.ts";
import { random, unit } from "../kit/random.ts";

/** When a page turns to the copy, and when it checks whether the relay is well again. */

const PATIENCE = 1280;

/** A page that plays the primary and last received media of it at 10,000 ms. */
function playing(random = () => 0.5): Rescue {
  const rescue = new Rescue(random);
  rescue.join(9_000);
  rescue.moved(10_000, PATIENCE);
  return rescue;
}

test("a page asks the copy when media is overdue, and stops when media has come", () => {
  const rescue = playing();
  expect(rescue.isInDoubt(10_000 + PATIENCE)).toBe(false);
  expect(rescue.isInDoubt(10_001 + PATIENCE)).toBe(true);
  rescue.moved(11_400, PATIENCE);
  expect(rescue.isInDoubt(11_500)).toBe(false);
  expect(rescue.source).toBe("primary");
});

test("a page asks the copy at once when the primary has reported a failure, and again while it joins after that", () => {
  const rescue = playing();
  rescue.failed();
  expect(rescue.isInDoubt(10_001)).toBe(true);
  rescue.join(10_500);
  expect(rescue.isInDoubt(10_501)).toBe(true);
  rescue.moved(10_900, PATIENCE);
  expect(rescue.isInDoubt(10_901)).toBe(false);
});

test("joining may take 1.5 s", () => {
  const rescue = new Rescue();
  rescue.join(0);
  expect(rescue.isInDoubt(1_500)).toBe(false);
  expect(rescue.isInDoubt(1_501)).toBe(true);
});

test.each([
  [0, 15_000],
  [0.5, 32_500],
  [1, 50_000],
])("on the copy, a page checks the primary after a random time: a draw of %d gives %d ms", (drawn, wait) => {
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
  "2,000 pages that fall back at once all return within a minute of a recovery after %d s, and few in any one second",
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
    // A page returns after 32.5 s on average, which is 62 pages a second if the times are spread evenly.
    expect(Math.max(...[...bySecond.values()].map(({ length }) => length))).toBeLessThan(125);
  },
);

test.each([
  [PATIENCE, 6_000],
  [6_000, 12_000],
])(
  "where neither source brings media, the page gives up: with parts due within %d ms, after %d ms",
  (patience, lost) => {
    const rescue = playing();
    rescue.moved(20_000, patience);
    expect(rescue.isLost(20_000 + lost)).toBe(false);
    expect(rescue.isLost(20_001 + lost)).toBe(true);
    rescue.toCopy(27_000);
    expect(rescue.isLost(27_000 + lost)).toBe(false);
    expect(rescue.isLost(27_001 + lost)).toBe(true);
  },
);

test("where the copy brings nothing either, the primary is checked every two seconds", () => {
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
