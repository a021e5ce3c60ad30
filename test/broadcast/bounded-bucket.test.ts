import { expect, test } from "vitest";
import { boundedBucket } from "../../src/broadcast/bounded-bucket.ts";
import type { Bucket } from "../../src/broadcast/dependencies.ts";

/** How many calls to R2 a show's object leaves unanswered when R2 hangs. */

/** A bucket whose calls are answered, or fail, when the test says so. */
function hanging() {
  const calls: { name: string; answer: () => void; fail: () => void }[] = [];
  const call = (name: string) => () =>
    new Promise((resolve, reject) => {
      calls.push({ name, answer: () => resolve(name), fail: () => reject(new Error("10001")) });
    });
  return {
    calls,
    bucket: { get: call("get"), put: call("put"), delete: call("delete") } as unknown as Bucket,
  };
}

test("four calls of any kind are left unanswered at the most; each that is answered or fails makes room for one", async () => {
  const { calls, bucket } = hanging();
  const bounded = boundedBucket(bucket);
  const ask = {
    get: () => bounded.get("k") as Promise<unknown>,
    put: () => bounded.put("k", "v") as Promise<unknown>,
    delete: () => bounded.delete("k") as Promise<unknown>,
  };
  const asked = [ask.put(), ask.get(), ask.get()];
  await expect(ask.get(), "one call is left for a put").rejects.toThrow("3 calls");
  asked.push(ask.put());
  for (const more of [ask.put, ask.delete]) await expect(more()).rejects.toThrow("4 calls");
  expect(calls.map(({ name }) => name)).toEqual(["put", "get", "get", "put"]);
  calls[0]?.answer();
  expect(await asked[0]).toBe("put");
  calls[1]?.fail();
  await expect(asked[1]).rejects.toThrow("10001");
  void ask.get();
  void ask.delete();
  await expect(ask.put()).rejects.toThrow("4 calls");
  expect(calls).toHaveLength(6);
});
