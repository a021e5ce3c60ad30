import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Doors } from "../../src/broadcast/doors.ts";
import type { ShowStatus } from "../../src/status.ts";

/** Who waits for a show to begin is told, and nobody waits for ever. */

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

test("who waits is told at once when they open, and no timer is left", async () => {
  const waiting = [ask(true), ask(true)];
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual([]);
  state = "open";
  doors.open();
  await Promise.all(waiting);
  expect(told).toEqual(["open", "open"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("who waits in vain is told after 12 s that they are closed", async () => {
  const waiting = ask(true);
  await vi.advanceTimersByTimeAsync(11_999);
  expect(told).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
  expect(told).toEqual(["announced"]);
});

test.each([
  ["who does not wait", "announced", false],
  ["who waits for what is open", "live", true],
  ["who waits for what is over", "ended", true],
] as const)("%s is told at once", async (_who, now, waits) => {
  state = now;
  await ask(waits);
  expect(told).toEqual([now]);
  expect(vi.getTimerCount()).toBe(0);
});
