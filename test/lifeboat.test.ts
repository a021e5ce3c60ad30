import { describe, expect, test } from "vitest";
import { copyOf, lifeboatUrl } from "../src/lifeboat.ts";
import { parseListen } from "../src/paths.ts";
import { lists, uris } from "../src/r2-keys.ts";

/** The URLs and R2 keys of a show's copy: what pages, the Broadcast and the bucket's domain call the same lists. */

const ID = "town-hall-8802xv";

test("the show's list is the one that a player loads, and its relative URIs lead to the other lists", () => {
  const url = copyOf("https://copy.example.org", ID);
  expect(url).toBe(`https://copy.example.org/${ID}/lifeboat.m3u8`);
  for (const [uri, key] of [
    [uris.timeline("mwq4yx3z"), lists.timeline(ID, "mwq4yx3z")],
    [uris.replay, lists.replay(ID)],
  ] as const)
    expect(new URL(uri, url).href).toBe(`https://copy.example.org/${key}`);
});

test("no URL of the relay leads to a list of the copy", () => {
  for (const key of [lists.show(ID), lists.timeline(ID, "mwq4yx3z"), lists.replay(ID)])
    expect(parseListen(new URL(`https://relay.example/live/${key}`))).toMatchObject({ status: 404 });
});

describe("the variable LIFEBOAT_URL is an origin, or it is ignored", () => {
  test.each([
    ["https://copy.example.org", "https://copy.example.org"],
    ["https://copy.example.org/", "https://copy.example.org"],
    [" http://127.0.0.1:8788 ", "http://127.0.0.1:8788"],
    [undefined, null],
    ["", null],
    ["copy.example.org", null],
    ["https://copy.example.org/folder", null],
    ['https://copy.example.org"\n#EXT', null],
  ])("%j gives %j", (variable, url) => {
    expect(lifeboatUrl(variable)).toBe(url);
  });
});
