import { describe, expect, test } from "vitest";
import { cursorOf, parseQuery } from "../../src/edge/directory.ts";

/** The query parameters of the list of broadcasts: how they are read, and what is refused. */

const parse = (query: string) => parseQuery(new URLSearchParams(query));

test("without parameters the newest fifty broadcasts are asked for", () => {
  expect(parse("")).toEqual({ state: null, limit: 50, after: null });
});

test.each(["announced", "open", "live", "ended"])("the parameter state takes %s", (state) => {
  expect(parse(`state=${state}`)).toMatchObject({ state });
});

test.each([1, 9, 10, 99, 100])("the parameter limit takes %i", (limit) => {
  expect(parse(`limit=${limit}`)).toMatchObject({ limit });
});

test.each([
  { createdAt: Date.UTC(2026, 10, 25), id: "town-hall-7k3f9q" },
  { createdAt: 0, id: `${"a".repeat(48)}-000000` },
  { createdAt: Number.MAX_SAFE_INTEGER, id: "7-7k3f9q" },
])("a cursor tells where the previous page ended: %j", (place) => {
  const cursor = cursorOf(place);
  expect(encodeURIComponent(cursor)).toBe(cursor);
  expect(parse(`state=live&limit=2&cursor=${cursor}`)).toEqual({ state: "live", limit: 2, after: place });
});

describe("a query that is refused, and the parameter named in the answer", () => {
  test.each([
    ["state=", "state"],
    ["state=closed", "state"],
    ["state=Live", "state"],
    ["state=live,open", "state"],
    ["limit=", "limit"],
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=1000", "limit"],
    ["limit=-1", "limit"],
    ["limit=1.5", "limit"],
    ["limit=1e1", "limit"],
    ["limit=0x10", "limit"],
    ["limit=+5", "limit"],
    ["limit=05", "limit"],
    ["limit=ten", "limit"],
    ["cursor=", "cursor"],
    ["cursor=x", "cursor"],
    ["cursor=.town-hall-7k3f9q", "cursor"],
    ["cursor=m0.", "cursor"],
    ["cursor=m0.a.b", "cursor"],
    ["cursor=m0.Town", "cursor"],
    ["cursor=-1.a-b", "cursor"],
    ["cursor=m0.a%27%20OR%201=1", "cursor"],
    ["cursor=123456789abc.a-b", "cursor"],
    [`cursor=m0.${"a".repeat(65)}`, "cursor"],
    ["stat=live", "stat"],
    ["State=live", "State"],
    ["page=2", "page"],
    ["__proto__=1", "__proto__"],
    ["state=live&state=live", "state"],
    ["limit=1&limit=2", "limit"],
    ["other=1&other=2", "other"],
  ])("%s", (query, name) => {
    expect(parse(query)).toMatchObject({
      kind: "problem",
      status: 400,
      code: "invalid_query",
      message: expect.stringMatching(/^[A-Z].*\.$/),
    });
    expect((parse(query) as { message: string }).message).toContain(`"${name}"`);
  });
});
