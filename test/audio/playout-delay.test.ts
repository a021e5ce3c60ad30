import { describe, expect, test } from "vitest";
import { MIN_WAIT, PlayoutDelay } from "../../src/audio/playout-delay.ts";
import { fromMillis } from "../../src/media.ts";

/** How long a host's sound is held back for packets that come late. */

const FRAMES = 960;

/** Delivers `count` packets from `first` on, each delayed by `late(n)` samples, and lets the delay settle after each. */
function deliver(
  delay: PlayoutDelay,
  first: number,
  count: number,
  late: (n: number) => number,
  ppm = 0,
): void {
  for (let n = first; n < first + count; n++) {
    const end = (n + 1) * FRAMES;
    delay.observe(end, FRAMES, Math.round(10_000 + end / (1 + ppm * 1e-6) + late(n)));
    delay.settle(FRAMES, false);
  }
}

describe("the playout delay", () => {
  test("is unknown before the first packet", () => {
    expect(new PlayoutDelay().known).toBe(false);
  });

  test("adds nothing for lateness that is waited for anyway", () => {
    const delay = new PlayoutDelay();
    deliver(delay, 0, 1, () => 0);
    expect(delay.known).toBe(true);
    expect(delay.target).toBe(delay.base);
    deliver(delay, 1, 900, (n) => (n % 50 === 20 ? fromMillis(75) : 0));
    expect(delay.base).toBe(10_000);
    expect(delay.target).toBe(delay.base);
  });

  test("its base is that of the least delayed packet of the last 10 s", () => {
    const delay = new PlayoutDelay();
    deliver(delay, 0, 400, (n) => (n % 50 === 20 ? 100 : 900));
    expect(delay.base).toBe(10_100);
    deliver(delay, 400, 400, () => 900);
    expect(delay.base).toBe(10_100);
    deliver(delay, 800, 200, () => 900);
    expect(delay.base).toBe(10_900);
  });

  test("reports the largest lateness of the last half minute as jitter", () => {
    const delay = new PlayoutDelay();
    expect(delay.jitter).toBe(0);
    deliver(delay, 0, 1, () => 0);
    // The jitter assumed of a host until its own is known.
    expect(delay.jitter).toBe(fromMillis(20));
    deliver(delay, 1, 400, (n) => (n === 300 ? fromMillis(75) : 0));
    expect(delay.jitter).toBe(fromMillis(75));
    deliver(delay, 401, 2_000, () => fromMillis(1));
    expect(delay.jitter).toBe(0);
  });

  test("grows at once for more lateness than that, and shrinks slowly, half a minute later", () => {
    const delay = new PlayoutDelay();
    deliver(delay, 0, 1_000, () => 0);
    deliver(delay, 1_000, 1, () => fromMillis(150));
    // 20 ms of the packet itself, 150 ms of lateness, 25 ms to spare; of these, 120 ms are waited for anyway.
    expect(delay.target - delay.base).toBe(fromMillis(75));
    deliver(delay, 1_001, 1_400, () => 0);
    expect(delay.target - delay.base).toBe(fromMillis(75));
    deliver(delay, 2_401, 200, () => 0);
    expect(delay.target - delay.base).toBeLessThan(fromMillis(75));
    expect(delay.target - delay.base).toBeGreaterThan(fromMillis(65));
  });

  test("shrinks ten times as fast where the sound is quiet", () => {
    const given = [false, true].map((isQuiet) => {
      const delay = new PlayoutDelay();
      deliver(delay, 0, 50, (n) => (n === 20 ? fromMillis(150) : 0));
      // Half a minute later the extra delay is not needed any more and has begun to shrink.
      deliver(delay, 50, 1_600, () => 0);
      const before = delay.target;
      delay.settle(FRAMES, isQuiet);
      return before - delay.target;
    });
    expect(given[0]).toBeCloseTo(FRAMES * 0.002, 9);
    expect(given[1]).toBeCloseTo(FRAMES * 0.02, 9);
  });

  test("is bounded, whatever arrives", () => {
    const delay = new PlayoutDelay();
    deliver(delay, 0, 100, (n) => (n === 50 ? fromMillis(9_000) : 0));
    expect(delay.target - delay.base).toBe(fromMillis(95));
    expect(MIN_WAIT).toBe(fromMillis(45));
  });

  test("of long packets is longer by their length", () => {
    const delay = new PlayoutDelay();
    delay.observe(5_760, 5_760, 20_000);
    expect(delay.target - delay.base).toBe(fromMillis(120 + 25 - 120));
  });

  test("a host that delivers is waited for for 120 ms, one that has stopped for 45 ms or for its former jitter", () => {
    const delay = new PlayoutDelay();
    deliver(delay, 0, 400, () => 0);
    const last = 10_000 + 400 * FRAMES;
    const waitOf = (end: number) => delay.deadline(end) - end;
    expect(waitOf(last + 900)).toBe(fromMillis(120));
    // The packet after the last one is due 20 ms after it, and given up 120 ms later.
    expect(delay.deadline(last + fromMillis(50))).toBe(last + fromMillis(140));
    expect(waitOf(last + fromMillis(95))).toBe(MIN_WAIT);
    expect(waitOf(last + fromMillis(3_000))).toBe(MIN_WAIT);
    deliver(delay, 400, 1, () => fromMillis(60));
    expect(waitOf(last + fromMillis(3_000))).toBe(fromMillis(20 + 60 + 25));
    deliver(delay, 401, 1, () => fromMillis(600));
    expect(waitOf(last + fromMillis(3_000))).toBe(fromMillis(120));
  });

  test.each([200, 20, -20, -200])(
    "a clock that is %d ppm off is followed within 2.5 ms, and its drift is reported",
    (ppm) => {
      const delay = new PlayoutDelay();
      deliver(delay, 0, 3_000, () => 0, ppm);
      const ideal = 10_000 + (3_000 * FRAMES) / (1 + ppm * 1e-6) - 3_000 * FRAMES;
      expect(Math.abs(delay.base - ideal)).toBeLessThan(fromMillis(2.5));
      expect(Math.abs(delay.ppm - ppm)).toBeLessThan(12);
    },
  );

  test("a restart forgets the jitter and keeps the base", () => {
    const delay = new PlayoutDelay();
    deliver(delay, 0, 100, (n) => (n === 50 ? fromMillis(300) : 0));
    expect(delay.target).toBeGreaterThan(delay.base);
    delay.restart();
    expect(delay.base).toBe(10_000);
    expect(delay.target).toBe(delay.base);
  });

  test("after an hour without packets it starts from the next one", () => {
    const delay = new PlayoutDelay();
    deliver(delay, 0, 100, () => 0);
    deliver(delay, 180_000, 10, () => 5_000);
    expect(delay.base).toBe(15_000);
    expect(delay.ppm).toBe(0);
  });
});
