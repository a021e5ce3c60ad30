import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ListenerCounts } from "../../src/origin/listener-counts.ts";

/** Origin asks the Audience for a show's count once in five seconds. */

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const counted = (listeners: number) => ({ listeners, error95: 0.016, confidence: "low" as const });

/** An Audience that answers 1, 2, 3 …, and an isolate's Attendance that asks it for figures. */
function audience(answer = async (count: number) => counted(count)) {
  const attendance = new ListenerCounts();
  let asked = 0;
  const say = async (show: string) => attendance.of(show, Date.now(), () => answer(++asked));
  const of = async (show: string) => (await say(show)).listeners;
  return { of, say, asked: () => asked };
}

test("the Audience is asked once in five seconds, however many requests want the count", async () => {
  const { of, asked } = audience();
  expect(await of("a")).toBe(1);
  for (let second = 1; second < 5; second++) {
    vi.advanceTimersByTime(999);
    expect(await of("a")).toBe(1);
  }
  expect(asked()).toBe(1);
  vi.advanceTimersByTime(1_004);
  expect(await Promise.all([of("a"), of("a"), of("a")])).toEqual([2, 1, 1]);
  expect(await of("b")).toBe(3);
  expect(asked()).toBe(3);
});

test("an Audience that fails or takes more than half a second is not waited for, and not asked again at once", async () => {
  vi.spyOn(console, "warn").mockReturnValue();
  for (const answer of [
    () => Promise.reject(new Error("thrown")),
    () => new Promise<never>(() => undefined),
  ]) {
    const { of, say, asked } = audience(answer);
    const told = of("a");
    await vi.advanceTimersByTimeAsync(500);
    expect(await told).toBeNull();
    expect(await say("a")).toEqual({ listeners: null, error95: null, confidence: null });
    expect(asked()).toBe(1);
  }
});

test("the answer has the count and how sure it is, and nothing else of the figure", async () => {
  const { say } = audience(async (count) => ({ ...counted(count), method: "HyperLogLog", delivered: 1 }));
  expect(await say("a")).toEqual({ listeners: 1, error95: 0.016, confidence: "low" });
});
