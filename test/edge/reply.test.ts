import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CachedAnswer, type Loaded } from "../../src/edge/cached-answer.ts";
import { reply } from "../../src/edge/reply.ts";

/** 304, 206, gzip and HEAD responses, made from one stored answer. */

const BODY = new TextEncoder().encode("0123456789");
const NOW = 1_800_000_000_000;
const MEDIA: Loaded = {
  status: 200,
  contentType: "audio/mp4",
  cacheControl: "public, max-age=3600, immutable",
  retryAfter: null,
  ageMs: 0,
  bytes: BODY,
  liveEdge: null,
};
const LIST: Loaded = {
  ...MEDIA,
  contentType: "application/vnd.apple.mpegurl",
  cacheControl: "public, max-age=1",
  bytes: new TextEncoder().encode("#EXTM3U\n".repeat(50)),
};

function request(headers: Record<string, string>, method = "GET"): Request {
  return new Request("https://earshot.test/x", { method, headers });
}

async function answer(range: string, body = BODY) {
  const cached = await CachedAnswer.of({ ...MEDIA, bytes: body }, NOW);
  const response = reply(cached, request({ range }), null, NOW);
  return {
    status: response.status,
    range: response.headers.get("content-range"),
    length: response.headers.get("content-length"),
    type: response.headers.get("content-type"),
    bytes: new Uint8Array(await response.arrayBuffer()),
  };
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("a range of a body of ten bytes (RFC 9110 section 14.1.2)", () => {
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
    // Invalid, or not supported here: the header is ignored.
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

test("a range beyond the end is a refusal that no cache keeps in place of the media", async () => {
  const cached = await CachedAnswer.of(MEDIA, NOW);
  const lifeOf = (range: string) => reply(cached, request({ range }), null, NOW).headers.get("cache-control");
  expect([lifeOf("bytes=10-"), lifeOf("bytes=9-")]).toEqual(["no-store", MEDIA.cacheControl]);
});

test("an empty body has no range", async () => {
  for (const range of ["bytes=0-", "bytes=-1", "bytes=0-0"]) {
    expect(await answer(range, new Uint8Array(0))).toMatchObject({ status: 416, range: "bytes */0" });
  }
});

test("the body is always the range that Content-Range states", async () => {
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

describe("a text", () => {
  test("is gzipped for clients that accept gzip, once for all of them, with Vary", async () => {
    const cached = await CachedAnswer.of(LIST, NOW);
    const response = reply(cached, request({ "accept-encoding": "gzip" }), null, NOW);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(response.headers.get("vary")).toBe("Accept-Encoding");
    const body = new Uint8Array(await response.arrayBuffer());
    expect(response.headers.get("content-length")).toBe(String(body.length));
    expect(gunzipSync(body)).toEqual(Buffer.from(LIST.bytes));
    expect(body).toEqual(cached.gzipped);
  });

  test("is plain for all others, and whole whatever the Range header says", async () => {
    const cached = await CachedAnswer.of(LIST, NOW);
    for (const headers of [
      {},
      { "accept-encoding": "gzip;q=0" },
      { range: "bytes=0-3", "accept-encoding": "identity" },
    ]) {
      const response = reply(cached, request(headers), null, NOW);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-encoding")).toBeNull();
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(LIST.bytes);
    }
  });
});

describe("conditions and methods", () => {
  test.each<[string, number]>([
    ["*", 304],
    ["ETAG", 304],
    ['"other", ETAG', 304],
    ['W/"other"', 200],
  ])("If-None-Match: %s is answered with %i", async (header, status) => {
    const cached = await CachedAnswer.of(LIST, NOW);
    const etag = reply(cached, request({}), null, NOW).headers.get("etag") ?? "";
    const response = reply(cached, request({ "if-none-match": header.replace("ETAG", etag) }), null, NOW);
    expect(response.status).toBe(status);
    expect(response.headers.get("etag")).toBe(etag);
    if (status === 304) expect(await response.text()).toBe("");
  });

  test("two renderings have two validators", async () => {
    const [a, b] = [await CachedAnswer.of(LIST, NOW), await CachedAnswer.of({ ...LIST, bytes: BODY }, NOW)];
    expect(a.etag).not.toBe(b.etag);
  });

  test("HEAD has the headers of GET, no body and no ranges", async () => {
    const cached = await CachedAnswer.of(MEDIA, NOW);
    const response = reply(cached, request({ range: "bytes=0-1" }, "HEAD"), null, NOW);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("10");
    expect(await response.text()).toBe("");
  });

  test("Age is sent from one second on, in whole seconds", async () => {
    const cached = await CachedAnswer.of(LIST, NOW);
    expect(reply(cached, request({}), null, NOW + 900).headers.get("age")).toBeNull();
    expect(reply(cached, request({}), null, NOW + 3_100).headers.get("age")).toBe("3");
  });

  test("an error keeps its status and its Retry-After", async () => {
    const loaded = { ...LIST, status: 503, contentType: "application/json", retryAfter: "1" };
    const response = reply(
      await CachedAnswer.of(loaded, NOW),
      request({ "accept-encoding": "gzip", range: "bytes=0-0" }),
      null,
      NOW,
    );
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe("a Range with If-Range (RFC 9110 section 13.1.5)", () => {
  test.each([
    ["no header", () => null, 206],
    ["the current validator", (etag: string) => etag, 206],
    ["another validator", () => '"other"', 200],
    ["the current validator, made weak", (etag: string) => `W/${etag}`, 200],
    ["a date", () => "Sat, 21 Nov 2026 12:00:00 GMT", 200],
  ])("%s", async (_what, ifRange, status) => {
    const cached = await CachedAnswer.of(MEDIA, NOW);
    const header = ifRange(cached.etag);
    const asked = request({ range: "bytes=2-5", ...(header === null ? {} : { "if-range": header }) });
    const response = reply(cached, asked, null, NOW);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(status === 206 ? "2345" : "0123456789");
  });

  test("media has a strong validator, and a text, which has two forms, a weak one", async () => {
    expect((await CachedAnswer.of(MEDIA, NOW)).etag).toMatch(/^"/);
    expect((await CachedAnswer.of(LIST, NOW)).etag).toMatch(/^W\/"/);
  });
});
