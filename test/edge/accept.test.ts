import { expect, test } from "vitest";
import { acceptsGzip } from "../../src/edge/accept.ts";

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
