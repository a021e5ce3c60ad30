import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CopySearch, findCopy } from "../../src/web/copy.ts";

// Where a page learns whether its show has a copy, and how often it asks, on a fake clock and with answers that the test gives.

let asked: number;
let answer: () => Promise<Response>;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  vi.stubGlobal("fetch", () => {
    asked += 1;
    return answer();
  });
  asked = 0;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const refused = () => Promise.reject(new TypeError("Failed to fetch"));
const named = async () => Response.json({ url: "https://media.test" });
const unnamed = async () => Response.json({ url: null });

test.each<[string, () => Promise<Response>, string]>([
  ["names a copy", named, "copy"],
  ["names none", unnamed, "none"],
  ["does not exist", async () => new Response("not found", { status: 404 }), "none"],
  ["is an HTML page", async () => new Response("<!doctype html>"), "none"],
  ["can not be had", refused, "unknown"],
  ["is refused for a while", async () => new Response(null, { status: 503 }), "unknown"],
  ["is refused for too many requests", async () => new Response(null, { status: 429 }), "unknown"],
])("where the asset %s", async (_, said, kind) => {
  answer = said;
  expect((await findCopy("show")).kind).toBe(kind);
});

test("asks again until it knows, less and less often, and at most once a minute", async () => {
  answer = refused;
  const search = new CopySearch("show");
  const found = vi.fn();
  search.onFound(found);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(asked).toBeGreaterThanOrEqual(2);
  await vi.advanceTimersByTimeAsync(300_000);
  const before = asked;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked - before).toBeLessThanOrEqual(20);
  expect([search.copy, search.isPossible]).toEqual([null, true]);
  answer = named;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(search.copy?.playbackUrl).toMatch(/^https:\/\/media\.test\//);
  expect(found).toHaveBeenCalledOnce();
  const known = asked;
  search.hurry();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked, "requests once it knows").toBe(known);
});

test.each([
  ["a copy", named],
  ["none", unnamed],
])("where the relay has %s, asks once", async (_, said) => {
  answer = said;
  const search = new CopySearch("show");
  await vi.advanceTimersByTimeAsync(1_000);
  search.hurry();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(asked).toBe(1);
});

test("asks at once when the copy is needed, and then with a backoff that a page in need can not shorten", async () => {
  answer = refused;
  const search = new CopySearch("show");
  await vi.advanceTimersByTimeAsync(300_000);
  const before = asked;
  search.hurry();
  expect(asked).toBe(before + 1);
  for (let second = 0; second < 60; second++) {
    search.hurry();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(asked - before).toBeLessThanOrEqual(10);
  expect(asked - before).toBeGreaterThanOrEqual(4);
});
