import { afterAll, beforeAll, expect, test } from "vitest";
import { Runtime } from "../kit/runtime.ts";

/** What the runtime says of a call whose object is reset: by this Origin knows whom to ask again. */

let runtime: Runtime;
beforeAll(async () => {
  runtime = await Runtime.start([{ name: "reset", entry: "test/workers/reset-worker.ts" }]);
});
afterAll(() => runtime.close());

const ask = async (path: string) => (await runtime.ask("reset", path)).json();

test("a read in the middle of which its object is reset says so, and gets through when it is made again", async () => {
  expect(await ask("/plain/reset")).toEqual({
    error: { message: "reset by the test", durableObjectReset: true },
    calls: 1,
  });
  expect(await ask("/retried/reset")).toEqual({ answer: "read", calls: 2 });
});

test("what the object's own code throws is told apart, and is not asked for again", async () => {
  const error = { message: "a bug", remote: true };
  for (const how of ["plain", "retried"]) expect(await ask(`/${how}/bug`)).toEqual({ error, calls: 1 });
});
