import { expect, test } from "vitest";
import { Waiters } from "../../src/broadcast/waiters.ts";

/** All requests that wait for one part share one promise, and none is left behind. */

/** Returns the state of a promise, without waiting for it. */
async function fate(promise: Promise<boolean>): Promise<boolean | "held"> {
  return Promise.race([promise, new Promise<"held">((resolve) => setImmediate(() => resolve("held")))]);
}

test("a request is held until its condition is met, and then released with true", async () => {
  const waiters = new Waiters<number>();
  const held = waiters.until("3", 3, 1_000);
  waiters.release((n) => n <= 2, 10);
  expect(await fate(held)).toBe("held");
  waiters.release((n) => n <= 3, 20);
  expect(await fate(held)).toBe(true);
  expect(waiters.size).toBe(0);
});

test("at its deadline a request is released with false, not before", async () => {
  const waiters = new Waiters<number>();
  const held = waiters.until("3", 3, 1_000);
  waiters.release(() => false, 999);
  expect(await fate(held)).toBe("held");
  waiters.release(() => false, 1_000);
  expect(await fate(held)).toBe(false);
});

test("a condition that is met only after its deadline still counts as met", async () => {
  const waiters = new Waiters<number>();
  const held = waiters.until("3", 3, 1_000);
  waiters.release(() => true, 5_000);
  expect(await fate(held)).toBe(true);
});

test("all requests for the same thing share one promise", () => {
  const waiters = new Waiters<number>();
  const promises = Array.from({ length: 1_000 }, () => waiters.until("3", 3, 1_000));
  expect(new Set(promises).size).toBe(1);
  expect(waiters.size).toBe(1);
});

test("later requests for the same thing are held as long as the first one was", async () => {
  const waiters = new Waiters<number>();
  const first = waiters.until("3", 3, 1_000);
  const second = waiters.until("3", 3, 1_900);
  expect(waiters.size).toBe(1);
  waiters.release(() => false, 1_000);
  expect(await Promise.all([fate(first), fate(second)])).toEqual([false, "held"]);
  const third = waiters.until("3", 3, 1_950);
  expect(third).toBe(second);
  waiters.release(() => false, 1_900);
  expect(await Promise.all([fate(second), fate(third)])).toEqual([false, false]);
  expect(waiters.size).toBe(0);
});

test("all are released at once when the condition is met, however late they came", async () => {
  const waiters = new Waiters<number>();
  const all = [1_000, 1_900, 2_800].map((deadline) => waiters.until("3", 3, deadline));
  waiters.release(() => true, 0);
  expect(await Promise.all(all)).toEqual([true, true, true]);
});

test("each is released by its own condition", async () => {
  const waiters = new Waiters<number>();
  const [three, four] = [waiters.until("3", 3, 1_000), waiters.until("4", 4, 1_000)];
  waiters.release((n) => n <= 3, 0);
  expect(await Promise.all([fate(three), fate(four)])).toEqual([true, "held"]);
});

test("the end releases all", async () => {
  const waiters = new Waiters<number>();
  const held = [1, 2, 3].map((n) => waiters.until(String(n), n, 1_000));
  waiters.releaseAll();
  expect(await Promise.all(held.map(fate))).toEqual([true, true, true]);
  expect(waiters.size).toBe(0);
});
