import { expect, test } from "vitest";
import { parseListen, talkPath, urlsOf, whipSessionPath } from "../../src/paths.ts";
import { playbackPath, statusPath, talksPath, whipPath } from "../../src/web/relay-paths.ts";

/** The pages request the URLs that the relay has. */

const ID = "town-hall-8802xv";
const BASE = "https://relay.test";

test("a page's URLs are those that the relay names", () => {
  const urls = urlsOf(BASE, ID, "key");
  expect(BASE + playbackPath(ID)).toBe(urls.playbackUrl);
  expect(BASE + statusPath(ID)).toBe(urls.statusUrl);
  expect(BASE + whipPath(ID)).toBe(urls.whipUrl);
  expect(`${whipPath(ID)}/session`).toBe(whipSessionPath(ID, "session"));
  expect(`${talksPath(ID)}/talk`).toBe(talkPath(ID, "talk"));
});

test("an id that is none leads to no other URL", () => {
  const { pathname, searchParams } = new URL(statusPath("../x?a#b"), BASE);
  expect(parseListen({ pathname, searchParams })).toMatchObject({ kind: "problem", code: "not_found" });
});
