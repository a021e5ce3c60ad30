import { expect, test } from "vitest";
import { readBounded } from "../../src/edge/body.ts";

/** How much of a request's body is read. */

/** A request whose endless body has chunks of `bytes` bytes, and how many chunks were asked for. */
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

test("an endless body is read up to the limit, and then cancelled", async () => {
  const { asked, request } = endless(100);
  expect(await readBounded(request, 1_000)).toBeNull();
  expect(asked).toEqual({ chunks: 11, isCancelled: true });
});

test("a body of exactly the limit is read whole, and no body gives no bytes", async () => {
  const post = (body: string | null) => new Request("https://relay/", { method: "POST", body });
  expect(new TextDecoder().decode((await readBounded(post("x".repeat(99)), 99)) ?? undefined)).toBe(
    "x".repeat(99),
  );
  expect(await readBounded(post("é"), 1)).toBeNull();
  expect(await readBounded(post(null), 0)).toEqual(new Uint8Array(0));
});
