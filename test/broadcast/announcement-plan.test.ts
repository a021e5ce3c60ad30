import { describe, expect, test } from "vitest";
import { AnnouncementPlan } from "../../src/broadcast/announcement-plan.ts";
import { AU_SAMPLES, fromMillis, SAMPLE_RATE, samples } from "../../src/media.ts";

/**
 * When announcements are spoken over hold audio, and how far hold audio is turned down for them; on a fake clock of
 * access units.
 */

interface Night {
  /** Seconds from one announcement's beginning to the next, and the length of one announcement. */
  readonly every: number;
  readonly length: number;
  /** When hold audio is not heard, seconds. */
  readonly unheard?: readonly [from: number, to: number];
  /** When hold audio begins anew, seconds. */
  readonly anew?: number;
}

/** How long hold audio takes to fade in, seconds. */
const COMING = 0.4;

/**
 * Runs a plan for `seconds` of hold audio that begins at 0. Returns when announcements began, and the plan for each
 * access unit that is heard.
 */
function run(seconds: number, { every, length, unheard = [0, 0], anew = -1 }: Night) {
  const plan = new AnnouncementPlan();
  const begun: number[] = [];
  const made: { readonly at: number; readonly turned: number; readonly unit: number | null }[] = [];
  let heardSince = 0;
  let isAnew = false;
  for (let n = 0; (n * AU_SAMPLES) / SAMPLE_RATE < seconds; n++) {
    const at = samples(n * AU_SAMPLES);
    const second = at / SAMPLE_RATE;
    if (second >= unheard[0] && second < unheard[1]) {
      heardSince = unheard[1];
      continue;
    }
    if (second - AU_SAMPLES / SAMPLE_RATE < heardSince) plan.leave();
    if (anew >= 0 && second >= anew && !isAnew) {
      isAnew = true;
      plan.restart();
    }
    const isIn = second >= heardSince + COMING;
    if (!plan.isSpeaking && plan.begins(at, fromMillis(1_000 * every), isIn)) {
      plan.begin(at);
      begun.push(Math.round(10 * second) / 10);
    }
    const { hold, unit } = plan.next(at, Math.ceil((length * SAMPLE_RATE) / AU_SAMPLES), isIn);
    made.push({ at: second, turned: hold.level, unit });
  }
  return { begun, made };
}

test.each<[string, Night, readonly number[]]>([
  ["first after 2 s of hold audio, then at each interval", { every: 10, length: 3 }, [2.4, 12.4, 22.4, 32.4]],
  ["once, if the next one is due after the end", { every: 3_600, length: 3 }, [2.4]],
  // Each takes 0.3 s to turn down, 12 s, and 0.6 s to turn up.
  [
    "with 2 s of hold audio between, if it is longer than its interval",
    { every: 10, length: 12 },
    [2.4, 17.4, 32.4],
  ],
  [
    "later, if hold audio was not heard when it was due",
    { every: 10, length: 3, unheard: [11, 21] },
    [2.4, 23.4, 33.4],
  ],
  [
    "on time, if hold audio was unheard only before that",
    { every: 30, length: 3, unheard: [11, 21] },
    [2.4, 32.4],
  ],
  [
    "at once in hold audio that has begun anew",
    { every: 30, length: 3, unheard: [11, 21], anew: 21 },
    [2.4, 23.4],
  ],
  [
    "again from its beginning, if it was cut off in the middle",
    { every: 10, length: 8, unheard: [5, 11] },
    [2.4, 13.4, 24.4, 35.3],
  ],
])("an announcement is made %s", (_, night, begun) => {
  const found = run(40, night).begun;
  expect(found.length).toBe(begun.length);
  for (const [n, second] of begun.entries())
    expect(Math.abs((found[n] ?? 0) - second)).toBeLessThanOrEqual(0.15);
});

describe("around an announcement", () => {
  const { made } = run(12, { every: 3_600, length: 3 });
  const heard = made.filter(({ unit }) => unit !== null);

  test("hold audio is turned down within 300 ms, before the announcement's first sample", () => {
    const last = made.findLastIndex(({ at, turned }) => turned === 1 && at < 5);
    const [first] = heard;
    // One access unit in which turning down is about to begin, and those in which it happens.
    expect((first?.at ?? 0) - (made[last]?.at ?? 0)).toBeCloseTo(0.32, 2);
  });

  test("hold audio stays down for the whole announcement, and each of its access units is heard once", () => {
    expect(heard.every(({ turned }) => turned === 0)).toBe(true);
    expect(heard.map(({ unit }) => unit)).toEqual(Array.from({ length: 141 }, (_, n) => n));
  });

  test("hold audio is up again within 600 ms after the announcement's last sample", () => {
    const end = heard.at(-1)?.at ?? 0;
    const up = made.find(({ at, turned }) => at > end && turned === 1);
    expect((up?.at ?? 0) - end).toBeGreaterThan(0.57);
    expect((up?.at ?? 0) - end).toBeLessThan(0.66);
  });
});
