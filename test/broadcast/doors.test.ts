import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Doors } from "../../src/broadcast/doors.ts";
import type { ShowStatus } from "../../src/status.ts";

/** Requests that wait for a show to begin are answered when its doors open, and none waits for ever. */

let state: ShowStatus["state"];
const status = () => ({ state }) as ShowStatus;
let doors: Doors;
let told: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  [state, doors, told] = ["announced", new Doors(), []];
});
afterEach(() => void vi.useRealTimers());

async function ask(waits: boolean): Promise<void> {
  told.push((await doors.tell(waits, status)).state);
}

test("waiting requests are answered at once when the doors open, and no timer is left", async () => {
  const waiting = [ask(true), ask(true)];
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual([]);
  state = "open";
  doors.open();
  await Promise.all(waiting);
  expect(told).toEqual(["open", "open"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a request that waits in vain is answered after 12 s with closed doors", async () => {
  const waiting = ask(true);
  await vi.advanceTimersByTimeAsync(11_999);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
  expect(told).toEqual(["announced"]);
});

test.each([
  ["a request that does not wait", "announced", false],
  ["a request that waits for an open show", "live", true],
  ["a request that waits for an ended show", "ended", true],
] as const)("%s is answered at once", async (_who, now, waits) => {
  state = now;
  await ask(waits);
  expect(told).toEqual([now]);
  expect(vi.getTimerCount()).toBe(0);
});
