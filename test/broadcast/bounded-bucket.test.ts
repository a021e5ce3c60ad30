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
  const asked = [ask.put(), ask.get(), ask.get(), ask.put()];
  for (const more of [ask.put, ask.get, ask.delete]) await expect(more()).rejects.toThrow("4 calls");
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

test("while three reads are unanswered, a fourth is refused at once, and a put is made", async () => {
  const { calls, bucket } = hanging();
  const bounded = boundedBucket(bucket);
  const reads = [bounded.get("k"), bounded.get("k"), bounded.get("k")];
  await expect(bounded.get("k")).rejects.toThrow("3 calls");
  void bounded.put("k", "v");
  expect(calls.map(({ name }) => name)).toEqual(["get", "get", "get", "put"]);
  calls[0]?.answer();
  await reads[0];
  void bounded.get("k");
  expect(calls).toHaveLength(5);
});

test("two reads are made beside a segment's put and a list's: a show may need that many while R2 answers", () => {
  const { calls, bucket } = hanging();
  const bounded = boundedBucket(bucket);
  for (const key of ["segment", "list"]) void bounded.put(key, "v");
  for (const key of ["hold", "announcement"]) void bounded.get(key);
  expect(calls.map(({ name }) => name)).toEqual(["put", "put", "get", "get"]);
});
