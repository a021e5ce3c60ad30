import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressOf } from "../../src/edge/address.ts";
import { parseListen } from "../../src/paths.ts";

/** The edge reads URLs as the platform's URL class reads them. */

const NAMES = ["_HLS_msn", "_HLS_part", "_HLS_skip", "l", "series", "", "a"];

/** Compares with `URL`, which is the reference: the faster reader must give the same. */
function expectLikeUrl(text: string): void {
  const url = new URL(text);
  const address = addressOf(text);
  expect(address.pathname).toBe(url.pathname);
  for (const name of NAMES)
    expect([name, address.searchParams.get(name)]).toEqual([name, url.searchParams.get(name)]);
  expect(parseListen(address)).toEqual(parseListen(url));
}

describe("an address reads like the URL", () => {
  test.each([
    "/live/show-rbqejd/index.m3u8",
    "/live/show-rbqejd/abcdef12/audio.m3u8?l=H2aMt6ogYZcLgu1R7ij21A&_HLS_msn=20&_HLS_part=2",
    "/live/show-rbqejd/abcdef12/audio.m3u8?_HLS_msn=20&_HLS_msn=21",
    "/live/show-rbqejd/abcdef12/audio.m3u8?_HLS_msn",
    "/live/show-rbqejd/abcdef12/audio.m3u8?_HLS_msn=",
    "/live/show-rbqejd/abcdef12/audio.m3u8?_HLS_msn=1=2",
    "/live/show-rbqejd/abcdef12/audio.m3u8?_HLS_msnx=1&x_HLS_msn=2",
    "/live/show-rbqejd/abcdef12/audio.m3u8?%5FHLS_msn=20",
    "/live/show-rbqejd/abcdef12/audio.m3u8?_HLS_msn=+20",
    "/live/show-rbqejd/abcdef12/audio.m3u8?",
    "/live/show-rbqejd/abcdef12/audio.m3u8?&&",
    "/live/show-rbqejd/abcdef12/audio.m3u8#_HLS_msn=3",
    "/live/show-rbqejd/abcdef12/p20.1.m4s",
    "/live/./show-rbqejd/../show-rbqejd/index.m3u8",
    "/live/show-rbqejd/.%2e/index.m3u8",
    "/live//show-rbqejd/index.m3u8",
    "/",
    "",
  ])("%s", (path) => expectLikeUrl(`http://127.0.0.1:8787${path}`));

  test("for any path and query", () => {
    const path = fc.string({
      unit: fc.constantFrom("live", "/", ".", "..", "-", "p1.2.m4s", "%2e", "\\", "é"),
    });
    const query = fc.string({
      unit: fc.constantFrom(...NAMES, "&", "=", "?", "1", "%5F", "+", "#", ";", "~", "é"),
      maxLength: 12,
    });
    fc.assert(
      fc.property(path, query, (p, q) => expectLikeUrl(`https://earshot.test/${p}?${q}`)),
      { numRuns: 3_000 },
    );
  });

  test("without a user name in the path", () => expectLikeUrl("http://a@b/live/x"));
});

test("the URLs that players send are read without the URL class", () => {
  const address = addressOf("https://earshot.test/live/show-rbqejd/abcdef12/audio.m3u8?l=a_-Z&_HLS_msn=20");
  expect(address).not.toBeInstanceOf(URL);
});
