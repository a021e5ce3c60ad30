import { expect, test } from "vitest";
import { acceptsGzip, mintListener, takesGzip } from "../../src/edge/accept.ts";

/** Which content coding a client gets. */

/** RFC 9110 section 12.5.3, and what clients really send. */
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
])("%j", (header, expected) => expect(acceptsGzip(header)).toBe(expected));

test("what is remembered of some headers is not said of others, however many there are", () => {
  for (let n = 0; n < 250; n++) {
    expect(acceptsGzip(`x-${n}, gzip`)).toBe(true);
    expect(acceptsGzip(`x-${n}, gzip;q=0`)).toBe(false);
    expect(acceptsGzip("x-0, gzip")).toBe(true);
  }
});

/** As the platform hands it on: a header of its own, and the listener's beside it. */
function onPlatform(accepted: string): Request {
  const request = new Request("https://earshot.test/x", { headers: { "accept-encoding": "br, gzip" } });
  return Object.assign(request, { cf: { clientAcceptEncoding: accepted } });
}

test.each([
  ["gzip, deflate, br", true],
  ["identity", false],
  ["gzip;q=0", false],
  ["", false],
])("who accepts %j says so once, and its id ever after", (accepted, takes) => {
  const listener = mintListener(onPlatform(accepted));
  // Only the id knows: what the platform says of this request is something else.
  expect(takesGzip(onPlatform(takes ? "identity" : "gzip"), listener)).toBe(takes);
  expect(mintListener(onPlatform(accepted))).not.toBe(listener);
});

test.each([null, "", "of another kind"])("who has the id %j is asked each time", (listener) => {
  expect(takesGzip(onPlatform("gzip"), listener)).toBe(true);
  expect(takesGzip(onPlatform("identity"), listener)).toBe(false);
});

test("an id in the hands of a player that does not accept gzip gets none", () => {
  const listener = mintListener(onPlatform("gzip"));
  for (const headers of [{}, { "accept-encoding": "identity" }] as Record<string, string>[]) {
    expect(takesGzip(new Request("https://earshot.test/x", { headers }), listener)).toBe(false);
  }
});
