import { afterAll, beforeAll, expect, test } from "vitest";
import { Runtime } from "../kit/runtime.ts";

/**
 * The error that the runtime gives for a call whose object is reset. By its properties Origin decides whether to call
 * again.
 */

let runtime: Runtime;
beforeAll(async () => {
  runtime = await Runtime.start([{ name: "reset", entry: "test/workers/reset-worker.ts" }]);
});
afterAll(() => runtime.close());

const ask = async (path: string) => (await runtime.ask("reset", path)).json();

test("a read whose object is reset in the middle fails with that reason, and succeeds when it is repeated", async () => {
  expect(await ask("/plain/reset")).toEqual({
    error: { message: "reset by the test", durableObjectReset: true },
    calls: 1,
  });
  expect(await ask("/retried/reset")).toEqual({ answer: "read", calls: 2 });
});

test("an error that the object's own code throws is told apart, and its call is not repeated", async () => {
  const error = { message: "a bug", remote: true };
  for (const how of ["plain", "retried"]) expect(await ask(`/${how}/bug`)).toEqual({ error, calls: 1 });
});
