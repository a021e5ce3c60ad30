import { expect, test } from "vitest";
import { urlIn } from "../../src/web/copy.ts";
import { readOffer, readOthers, readTalk } from "../../src/web/talk-answer.ts";

/** JSON that the pages read is checked: what does not fit is null. */

const other = { publication: "p", name: "Ada" };
const others = { revision: 3, others: [other], squeals: false };
const tracks = [
  { publication: "p", mid: "0" },
  { publication: "q", error: "gone" },
];
const offer = { mutation: "m", offer: "v=0", tracks };

test("answers of the relay are read as they are", () => {
  expect(readTalk({ talk: "t" })).toBe("t");
  expect(readOthers(others)).toEqual(others);
  expect(readOffer(offer)).toEqual(offer);
  expect(readOffer({ ...offer, offer: null, tracks: [] })).toEqual({ ...offer, offer: null, tracks: [] });
});

test.each([null, "text", [], {}, { talk: 1 }])("%j is no answer at all", (json) => {
  expect([readTalk(json), readOthers(json), readOffer(json)]).toEqual([null, null, null]);
});

test("an answer with a field of another kind is not read", () => {
  for (const wrong of [{ revision: "3" }, { squeals: 1 }, { others: {} }, { others: [{ name: "Ada" }] }])
    expect(readOthers({ ...others, ...wrong })).toBeNull();
  for (const wrong of [
    { mutation: null },
    { offer: 1 },
    { tracks: null },
    { tracks: [{ publication: "p" }] },
  ])
    expect(readOffer({ ...offer, ...wrong })).toBeNull();
});

test("the copy's address is read from JSON that has one", () => {
  expect(urlIn('{"url":"https://media.test"}')).toBe("https://media.test");
  for (const text of ['{"url":null}', "{}", "null", "3", '{"url":1}', "<!doctype html>"])
    expect(urlIn(text)).toBeNull();
});
