import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { retried } from "../../src/origin/retry.ts";

/** Which failures of a Broadcast are tried again. */

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Calls an object that always fails with these properties. Returns the number of calls. */
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
  ["was reset during the call is called again, up to four times", { durableObjectReset: true }, 5],
  ["can not be reached is called again", { retryable: true }, 5],
  ["is overloaded is left alone", { overloaded: true }, 1],
  [
    "is overloaded is left alone, whatever else the error says",
    { overloaded: true, retryable: true, durableObjectReset: true },
    1,
  ],
  ["threw by itself is not called again", { remote: true }, 1],
  ["failed for an unknown reason is not called again", {}, 1],
])("an object that %s", async (_, properties, tries) => expect(await triesOf(properties)).toBe(tries));

test("the first answer that arrives is returned", async () => {
  const answers = [Promise.reject(Object.assign(new Error(), { retryable: true })), Promise.resolve("read")];
  for (const answer of answers) answer.catch(() => {});
  const result = retried(() => answers.shift() ?? Promise.reject(new Error("called too often")));
  await vi.advanceTimersByTimeAsync(100);
  expect(await result).toBe("read");
});
