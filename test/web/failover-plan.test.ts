import { expect, test } from "vitest";
import { FailoverPlan } from "../../src/web/failover-plan.ts";
import { random, unit } from "../kit/random.ts";

/** When a page turns to the copy, and when it checks whether the relay is well again. */

const PATIENCE = 1280;

/** A page that plays the primary and last received media of it at 10,000 ms. */
function playing(random = () => 0.5): FailoverPlan {
  const plan = new FailoverPlan(random);
  plan.join(9_000);
  plan.moved(10_000, PATIENCE);
  return plan;
}

test("a page asks the copy when media is overdue, and stops when media has come", () => {
  const plan = playing();
  expect(plan.isInDoubt(10_000 + PATIENCE)).toBe(false);
  expect(plan.isInDoubt(10_001 + PATIENCE)).toBe(true);
  plan.moved(11_400, PATIENCE);
  expect(plan.isInDoubt(11_500)).toBe(false);
  expect(plan.source).toBe("primary");
});

test("a page asks the copy at once when the primary has reported a failure, and again while it joins after that", () => {
  const plan = playing();
  plan.failed();
  expect(plan.isInDoubt(10_001)).toBe(true);
  plan.join(10_500);
  expect(plan.isInDoubt(10_501)).toBe(true);
  plan.moved(10_900, PATIENCE);
  expect(plan.isInDoubt(10_901)).toBe(false);
});

test("joining may take 1.5 s", () => {
  const plan = new FailoverPlan();
  plan.join(0);
  expect(plan.isInDoubt(1_500)).toBe(false);
  expect(plan.isInDoubt(1_501)).toBe(true);
});

test.each([
  [0, 15_000],
  [0.5, 32_500],
  [1, 50_000],
])("on the copy, a page checks the primary after a random time: a draw of %d gives %d ms", (drawn, wait) => {
  const plan = playing(() => drawn);
  plan.toCopy(20_000);
  expect(plan.source).toBe("copy");
  plan.moved(20_000 + wait, 3_000);
  expect(plan.isCheckDue(20_000 + wait - 1)).toBe(false);
  expect(plan.isCheckDue(20_000 + wait)).toBe(true);
  plan.checkFailed(20_000 + wait);
  expect(plan.isCheckDue(20_000 + 2 * wait - 1)).toBe(false);
  expect(plan.isCheckDue(20_000 + 2 * wait)).toBe(true);
  plan.toPrimary(20_000 + 2 * wait);
  expect(plan.source).toBe("primary");
  expect(plan.isCheckDue(1e9)).toBe(false);
  expect(plan.isInDoubt(20_000 + 2 * wait + 1)).toBe(false);
});

test.each([10, 60, 600])(
  "2,000 pages that fall back at once all return within a minute of a recovery after %d s, and few in any one second",
  (outage) => {
    const draw = random(outage);
    const backs = Array.from({ length: 2000 }, () => {
      const plan = playing(() => unit(draw));
      plan.toCopy(0);
      for (let now = 0; ; now += 100) {
        plan.moved(now, 3_000);
        if (!plan.isCheckDue(now)) continue;
        if (now >= 1000 * outage) return now - 1000 * outage;
        plan.checkFailed(now);
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
    const plan = playing();
    plan.moved(20_000, patience);
    expect(plan.isLost(20_000 + lost)).toBe(false);
    expect(plan.isLost(20_001 + lost)).toBe(true);
    plan.toCopy(27_000);
    expect(plan.isLost(27_000 + lost)).toBe(false);
    expect(plan.isLost(27_001 + lost)).toBe(true);
  },
);

test("where the copy brings nothing either, the primary is checked every two seconds", () => {
  const plan = playing();
  plan.toCopy(20_000);
  plan.moved(21_000, 3_000);
  plan.noteIfDry(24_000);
  expect(plan.isCheckDue(24_000)).toBe(false);
  plan.noteIfDry(24_001);
  expect(plan.isCheckDue(24_001)).toBe(true);
  plan.checkFailed(24_100);
  expect(plan.isCheckDue(26_099)).toBe(false);
  expect(plan.isCheckDue(26_100)).toBe(true);
});
