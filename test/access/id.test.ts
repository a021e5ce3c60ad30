import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isId, isSlug, mintId, randomTail, slugOf } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";

/** Ids: a slug always gives the same id, and an id that was not minted here can not be guessed. */

const secret = new Secret("a secret of this test");
const slug = fc.stringMatching(/^[a-z0-9]{1,12}(-[a-z0-9]{1,8}){0,3}$/);

describe("a minted id", () => {
  test("is always the same for a secret and slug: links outlive deployments", async () => {
    expect(await mintId(secret, "town-hall")).toBe("town-hall-8802xv");
  });

  test("passes the check, and its slug can be read from it", async () => {
    await fc.assert(
      fc.asyncProperty(slug, async (name) => {
        const id = await mintId(secret, name);
        expect(await isId(secret, id)).toBe(true);
        expect(id.slice(0, id.lastIndexOf("-"))).toBe(name);
      }),
    );
  });

  test("fails the check when any one character is changed", async () => {
    const id = await mintId(secret, "town-hall");
    for (let at = 0; at < id.length; at++) {
      const forged = `${id.slice(0, at)}${id[at] === "b" ? "c" : "b"}${id.slice(at + 1)}`;
      expect(await isId(secret, forged), forged).toBe(false);
    }
  });

  test("fails the check under another secret", async () => {
    expect(await isId(new Secret("another secret, as long"), await mintId(secret, "town-hall"))).toBe(false);
  });
});

describe("an invented id is refused", () => {
  test.each([
    "",
    "-",
    "town-hall",
    "town-hall-",
    "town-hall-00000",
    "town-hall-0000000",
    "-town-hall-000000",
    "TOWN-HALL-000000",
    "town--hall-000000",
    "000000",
    "town hall-000000",
    `${"a".repeat(49)}-000000`,
  ])("%j", async (id) => expect(await isId(secret, id)).toBe(false));

  test("also in capitals, or where its slug is not a valid one", async () => {
    const id = await mintId(secret, "town-hall");
    expect(await isId(secret, id.toUpperCase())).toBe(false);
    expect(await isId(secret, await mintId(secret, "-town"))).toBe(false);
    expect(await isId(secret, await mintId(secret, ""))).toBe(false);
  });

  test("when guessed by counting up: none of 5,000 guesses passes", async () => {
    const tries = 5_000;
    let hits = 0;
    for (let n = 0; n < tries; n++) {
      if (await isId(secret, `town-hall-${n.toString(32).padStart(6, "0")}`)) hits++;
    }
    expect(hits).toBe(0);
  });
});

describe("a slug", () => {
  test.each([
    ["Town Hall!", "town-hall"],
    ["  Ünïcödé  Señor ", "unicode-senor"],
    ["100 % Radio — live", "100-radio-live"],
    ["ﬁne", "fine"],
    ["日本語", "show"],
    ["!!!", "show"],
    ["", "show"],
    ["--a--", "a"],
  ])("of %j is %j", (title, expected) => expect(slugOf(title)).toBe(expected));

  test("of any title is valid, and leaves room for the random tail that tells shows apart", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), (title) => {
        expect(isSlug(slugOf(title))).toBe(true);
        expect(isSlug(`${slugOf(title)}-${randomTail()}`)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("that is cut off does not end in a hyphen", () => {
    expect(slugOf(`${"a".repeat(42)} b`)).toBe("a".repeat(42));
  });

  test("has 1 to 48 characters", () => {
    expect(isSlug("a".repeat(48))).toBe(true);
    expect(isSlug("a".repeat(49))).toBe(false);
    expect(isSlug("")).toBe(false);
  });
});
