import { expect, test } from "vitest";
import { readBounded } from "../../src/edge/body.ts";

/** How much is read of a body. */

/** A request whose body never ends, in chunks of so many bytes, and how often it has been asked for one. */
function endless(bytes: number) {
  const asked = { chunks: 0, isCancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        asked.chunks++;
        controller.enqueue(new Uint8Array(bytes));
      },
      cancel() {
        asked.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return {
    asked,
    request: new Request("https://relay/", { method: "POST", body, duplex: "half" } as RequestInit),
  };
}

test("a body without an end is read up to the limit, and given up", async () => {
  const { asked, request } = endless(100);
  expect(await readBounded(request, 1_000)).toBeNull();
  expect(asked).toEqual({ chunks: 11, isCancelled: true });
});

test("a body of just the limit is read whole, and none is no bytes", async () => {
  const post = (body: string | null) => new Request("https://relay/", { method: "POST", body });
  expect(new TextDecoder().decode((await readBounded(post("x".repeat(99)), 99)) ?? undefined)).toBe(
    "x".repeat(99),
  );
  expect(await readBounded(post("é"), 1)).toBeNull();
  expect(await readBounded(post(null), 0)).toEqual(new Uint8Array(0));
});
