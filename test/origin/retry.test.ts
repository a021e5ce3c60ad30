import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { retried } from "../../src/origin/retry.ts";

/** Which failures of a Broadcast are tried again. */

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Calls what always fails like that; how often it was called. */
async function triesOf(properties: object): Promise<number> {
  let tries = 0;
  const result = retried(() => {
    tries++;
    return Promise.reject(Object.assign(new Error("failed"), properties));
  });
  const failed = expect(result).rejects.toThrow("failed");
  await vi.advanceTimersByTimeAsync(10_000);
  await failed;
  return tries;
}

test.each<[string, object, number]>([
  ["was reset meanwhile is called again, four times", { durableObjectReset: true }, 5],
  ["can not be reached is called again", { retryable: true }, 5],
  ["is overloaded is left alone", { overloaded: true }, 1],
  [
    "is overloaded is left alone, whatever else is said",
    { overloaded: true, retryable: true, durableObjectReset: true },
    1,
  ],
  ["threw is not made to throw again", { remote: true }, 1],
  ["failed nobody knows why is not called again", {}, 1],
])("an object that %s", async (_, properties, tries) => expect(await triesOf(properties)).toBe(tries));

test("what gets through is the answer", async () => {
  const answers = [Promise.reject(Object.assign(new Error(), { retryable: true })), Promise.resolve("read")];
  for (const answer of answers) answer.catch(() => {});
  const result = retried(() => answers.shift() ?? Promise.reject(new Error("called too often")));
  await vi.advanceTimersByTimeAsync(100);
  expect(await result).toBe("read");
});
