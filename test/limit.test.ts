import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Places, withTimeout } from "../src/limit.ts";

// The time limit on an answer, on a fake clock, also when the process is suspended for 20 s. The limit on work at a time.

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("an answer within the limit is passed on, and leaves no timer", async () => {
  await expect(withTimeout(Promise.resolve(7), 100)).resolves.toBe(7);
  expect(vi.getTimerCount()).toBe(0);
});

test("no answer within the limit is a rejection at the limit", async () => {
  const outcome = settled(withTimeout(new Promise(() => {}), 100));
  await vi.advanceTimersByTimeAsync(99);
  expect(outcome.is).toBe("pending");
  await vi.advanceTimersByTimeAsync(1);
  expect(outcome.is).toBe("no answer in 100 ms");
});

test("after the process was suspended, two more seconds are allowed", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const outcome = settled(withTimeout(promise, 6_000));
  const silent = settled(withTimeout(new Promise(() => {}), 6_000));
  await vi.advanceTimersByTimeAsync(1_000);
  vi.setSystemTime(Date.now() + 20_000);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([outcome.is, silent.is]).toEqual(["pending", "pending"]);
  resolve("the answer");
  await vi.advanceTimersByTimeAsync(1_999);
  expect([outcome.is, silent.is]).toEqual(["the answer", "pending"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(silent.is).toBe("no answer in 6000 ms");
});

test("a place is free again when it is left, once, or when its work has not gone on for the idle time", () => {
  const places = new Places(2, 1_000);
  const [first, second] = [places.take(0), places.take(0)];
  expect([first, second, places.take(999)]).toEqual([{ usedAt: 0 }, { usedAt: 0 }, null]);
  if (first === null || second === null) throw new Error("no place");
  places.leave(first);
  places.leave(first);
  expect([places.take(999), places.take(999)]).toEqual([{ usedAt: 999 }, null]);
  second.usedAt = 500;
  expect(places.take(1_499)).toBeNull();
  expect([places.take(1_500), places.take(1_500)]).toEqual([{ usedAt: 1_500 }, null]);
});

function settled(promise: Promise<string>): { is: string } {
  const outcome = { is: "pending" };
  promise.then(
    (value) => {
      outcome.is = value;
    },
    ({ message }: Error) => {
      outcome.is = message;
    },
  );
  return outcome;
}
