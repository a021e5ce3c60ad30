import { expect, test } from "vitest";
import { acceptsGzip, mintListener, takesGzip } from "../../src/edge/accept.ts";

/** Which content coding a client gets. */

/** Accept-Encoding by RFC 9110 section 12.5.3, and as clients really send it. */
test.each([
  [null, false],
  ["", false],
  ["gzip", true],
  ["GZIP", true],
  ["x-gzip", true],
  ["gzip, deflate, br, zstd", true],
  ["deflate, br", false],
  ["identity", false],
  ["identity;q=1, *;q=0", false],
  ["gzip, identity;q=1, *;q=0", true],
  ["*", true],
  ["*;q=0", false],
  ["*;q=0.5", true],
  ["gzip;q=0", false],
  ["gzip;q=0.0", false],
  ["gzip;q=0.000", false],
  ["gzip;q=0.001", true],
  ["gzip;q=1", true],
  ["gzip;Q=0", false],
  ["gzip ; q=0", false],
  ["gzip;q=0, *", false],
  ["*, gzip;q=0", false],
  ["br;q=1.0, gzip;q=0.8", true],
  ["gzipped", false],
  [" , ,gzip", true],
])("whether %j accepts gzip", (header, expected) => expect(acceptsGzip(header)).toBe(expected));

test("the memory of earlier headers never answers for other ones, however many there are", () => {
  for (let n = 0; n < 250; n++) {
    expect(acceptsGzip(`x-${n}, gzip`)).toBe(true);
    expect(acceptsGzip(`x-${n}, gzip;q=0`)).toBe(false);
    expect(acceptsGzip("x-0, gzip")).toBe(true);
  }
});

/** A request as the platform passes it on: with a header of its own, and the listener's in `cf`. */
function onPlatform(accepted: string): Request {
  const request = new Request("https://earshot.test/x", { headers: { "accept-encoding": "br, gzip" } });
  return Object.assign(request, { cf: { clientAcceptEncoding: accepted } });
}

test.each([
  ["gzip, deflate, br", true],
  ["identity", false],
  ["gzip;q=0", false],
  ["", false],
])("a client that accepts %j is asked once, and from then on its id tells", (accepted, takes) => {
  const listener = mintListener(onPlatform(accepted));
  // Only the id tells: the platform reports something else for this request.
  expect(takesGzip(onPlatform(takes ? "identity" : "gzip"), listener)).toBe(takes);
  expect(mintListener(onPlatform(accepted))).not.toBe(listener);
});

test.each([null, "", "of another kind"])("a client with the id %j is asked each time", (listener) => {
  expect(takesGzip(onPlatform("gzip"), listener)).toBe(true);
  expect(takesGzip(onPlatform("identity"), listener)).toBe(false);
});

test("an id gets no gzip in a player that does not accept it", () => {
  const listener = mintListener(onPlatform("gzip"));
  for (const headers of [{}, { "accept-encoding": "identity" }] as Record<string, string>[]) {
    expect(takesGzip(new Request("https://earshot.test/x", { headers }), listener)).toBe(false);
  }
});
