import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isId, isSlug, mintId, randomTail, slugOf } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";

/** Ids: the same slug gives the same id for ever, and who has not been given one can not make one up. */

const secret = new Secret("a secret of this test");
const slug = fc.stringMatching(/^[a-z0-9]{1,12}(-[a-z0-9]{1,8}){0,3}$/);

describe("minted ids", () => {
  test("are the same for the same secret and slug, for ever: links outlive deployments", async () => {
    expect(await mintId(secret, "town-hall")).toBe("town-hall-8802xv");
  });

  test("pass the check, and their slug can be read out of them", async () => {
    await fc.assert(
      fc.asyncProperty(slug, async (name) => {
        const id = await mintId(secret, name);
        expect(await isId(secret, id)).toBe(true);
        expect(id.slice(0, id.lastIndexOf("-"))).toBe(name);
      }),
    );
  });

  test("do not pass with any one character changed", async () => {
    const id = await mintId(secret, "town-hall");
    for (let at = 0; at < id.length; at++) {
      const forged = `${id.slice(0, at)}${id[at] === "b" ? "c" : "b"}${id.slice(at + 1)}`;
      expect(await isId(secret, forged), forged).toBe(false);
    }
  });

  test("do not pass under another secret", async () => {
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

  test("also in capitals, or with its check on a slug that is none", async () => {
    const id = await mintId(secret, "town-hall");
    expect(await isId(secret, id.toUpperCase())).toBe(false);
    expect(await isId(secret, await mintId(secret, "-town"))).toBe(false);
    expect(await isId(secret, await mintId(secret, ""))).toBe(false);
  });

  test("by counting up: none of 5000 tries hits", async () => {
    const tries = 5_000;
    let hits = 0;
    for (let n = 0; n < tries; n++) {
      if (await isId(secret, `town-hall-${n.toString(32).padStart(6, "0")}`)) hits++;
    }
    expect(hits).toBe(0);
  });
});

describe("slugs", () => {
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

  test("of any title are slugs, and leave room for the tail that tells shows apart", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), (title) => {
        expect(isSlug(slugOf(title))).toBe(true);
        expect(isSlug(`${slugOf(title)}-${randomTail()}`)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("end where they are cut without a hyphen", () => {
    expect(slugOf(`${"a".repeat(42)} b`)).toBe("a".repeat(42));
  });

  test("have 1 to 48 characters", () => {
    expect(isSlug("a".repeat(48))).toBe(true);
    expect(isSlug("a".repeat(49))).toBe(false);
    expect(isSlug("")).toBe(false);
  });
});
