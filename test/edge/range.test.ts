import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { slice } from "../../src/edge/range.ts";

const BODY = new TextEncoder().encode("0123456789");

async function answer(range: string, body = BODY) {
  const response = await slice(new Response(body), new Headers({ "content-type": "audio/mp4" }), range);
  return {
    status: response.status,
    range: response.headers.get("content-range"),
    length: response.headers.get("content-length"),
    type: response.headers.get("content-type"),
    bytes: new Uint8Array(await response.arrayBuffer()),
  };
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("ten bytes, of which are asked for (RFC 9110 section 14.1.2)", () => {
  test.each([
    ["bytes=0-", 206, "bytes 0-9/10", "0123456789"],
    ["bytes=0-0", 206, "bytes 0-0/10", "0"],
    ["bytes=2-5", 206, "bytes 2-5/10", "2345"],
    ["bytes=9-9", 206, "bytes 9-9/10", "9"],
    ["bytes=5-", 206, "bytes 5-9/10", "56789"],
    ["bytes=5-99", 206, "bytes 5-9/10", "56789"],
    ["bytes=0-99999999999999999999999", 206, "bytes 0-9/10", "0123456789"],
    ["bytes=-3", 206, "bytes 7-9/10", "789"],
    ["bytes=-99", 206, "bytes 0-9/10", "0123456789"],
    [" bytes=1-2 ", 206, "bytes 1-2/10", "12"],
    ["Bytes=1-2", 206, "bytes 1-2/10", "12"],
    ["bytes=10-", 416, "bytes */10", ""],
    ["bytes=10-20", 416, "bytes */10", ""],
    ["bytes=99999999999999999999999-", 416, "bytes */10", ""],
    ["bytes=-0", 416, "bytes */10", ""],
    // Invalid, or more than is done here: the header is ignored.
    ["bytes=5-2", 200, null, "0123456789"],
    ["bytes=-", 200, null, "0123456789"],
    ["bytes=", 200, null, "0123456789"],
    ["bytes=0-1,3-4", 200, null, "0123456789"],
    ["bytes=a-b", 200, null, "0123456789"],
    ["bytes= 0-1", 200, null, "0123456789"],
    ["bytes=0-1x", 200, null, "0123456789"],
    ["bytes=1.5-2", 200, null, "0123456789"],
    ["bytes=+1-2", 200, null, "0123456789"],
    ["items=0-1", 200, null, "0123456789"],
    ["0-1", 200, null, "0123456789"],
  ])("%s", async (header, status, range, body) => {
    const got = await answer(header);
    expect({ ...got, bytes: text(got.bytes) }).toEqual({
      status,
      range,
      length: String(body.length),
      type: "audio/mp4",
      bytes: body,
    });
  });
});

test("nothing can not be sliced", async () => {
  for (const range of ["bytes=0-", "bytes=-1", "bytes=0-0"]) {
    expect(await answer(range, new Uint8Array(0))).toMatchObject({ status: 416, range: "bytes */0" });
  }
});

test("the body is always what Content-Range says it is", async () => {
  const end = fc.oneof(fc.nat({ max: 40 }).map(String), fc.constant(""), fc.bigInt({ min: 0n }).map(String));
  const header = fc.oneof(
    fc.tuple(end, end).map(([from, to]) => `bytes=${from}-${to}`),
    fc.string({ maxLength: 12 }),
    fc.string({ unit: fc.constantFrom(..."bytes=0123456789-, "), maxLength: 16 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 30 }), header, async (body, range) => {
      const got = await answer(range, body as Uint8Array<ArrayBuffer>);
      expect(got.length).toBe(String(got.bytes.length));
      if (got.status === 416) {
        expect(got.range).toBe(`bytes */${body.length}`);
        expect(got.bytes).toHaveLength(0);
      } else if (got.status === 206) {
        const [, first, last, whole] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(got.range ?? "") ?? [];
        expect(Number(whole)).toBe(body.length);
        expect(Number(first)).toBeLessThanOrEqual(Number(last));
        expect(Number(last)).toBeLessThan(body.length);
        expect(got.bytes).toEqual(body.slice(Number(first), Number(last) + 1));
      } else {
        expect(got).toMatchObject({ status: 200, range: null, bytes: body });
      }
    }),
    { numRuns: 1_000 },
  );
});
