import { describe, expect, test } from "vitest";
import { generationOf, hostKey, ingestToken, isAdmin, isHost, isIngest } from "../../src/access/keys.ts";
import { Secret } from "../../src/access/secret.ts";

/** Host keys, ingest tokens and the admin token: each opens what it is for, and nothing else. */

const secret = new Secret("a secret of this test");
const ID = "town-hall-8802xv";

describe("the host key", () => {
  test("is the same for ever, and fits one broadcast", async () => {
    const key = await hostKey(secret, ID, 0);
    expect(key).toMatch(/^[\w-]{22}$/);
    expect(await hostKey(new Secret("a secret of this test"), ID, 0)).toBe(key);
    expect(await isHost(secret, ID, `Bearer ${key}`)).toBe(true);
    expect(await isHost(secret, "other-8802xv", `Bearer ${key}`)).toBe(false);
    expect(await isHost(new Secret("another secret, as long"), ID, `Bearer ${key}`)).toBe(false);
  });

  test.each([
    ["the scheme in any case (RFC 9110 section 11.1)", (key: string) => `bEARER ${key}`, true],
    ["more than one space", (key: string) => `Bearer   ${key} `, true],
    ["no scheme", (key: string) => key, false],
    ["another scheme", (key: string) => `Basic ${key}`, false],
    ["no token", () => "Bearer ", false],
    ["a part of it", (key: string) => `Bearer ${key.slice(0, -1)}`, false],
    ["more than it", (key: string) => `Bearer ${key}A`, false],
    ["twice", (key: string) => `Bearer ${key}, Bearer ${key}`, false],
    ["an empty header", () => "", false],
  ])("with %s", async (_, header, opens) => {
    expect(await isHost(secret, ID, header(await hostKey(secret, ID, 0)))).toBe(opens);
  });

  test("that replaces another says which one it is, and no one's HMAC is another's", async () => {
    const keys = await Promise.all([0, 1, 2, 12].map((generation) => hostKey(secret, ID, generation)));
    expect(keys.map((key) => key.replace(/[\w-]{22}$/, ""))).toEqual(["", "1.", "2.", "12."]);
    expect(new Set(keys.map((key) => key.slice(-22))).size).toBe(4);
    for (const [index, key] of keys.entries()) {
      expect(await isHost(secret, ID, `Bearer ${key}`)).toBe(true);
      expect(generationOf(`Bearer ${key}`)).toBe([0, 1, 2, 12][index]);
    }
    for (const forged of ["0.", "01.", "3.", "1e0.", "-1.", "."])
      expect(await isHost(secret, ID, `Bearer ${forged}${keys[1]?.slice(2)}`), forged).toBe(false);
    for (const header of [null, "", "Bearer ", `Bearer 0.${keys[0]}`, `Basic ${keys[0]}`])
      expect(generationOf(header)).toBe(null);
  });

  test("without a header opens nothing", async () => expect(await isHost(secret, ID, null)).toBe(false));
});

describe("the ingest token", () => {
  test("is bound to broadcast, session and generation", async () => {
    const token = await ingestToken(secret, ID, "session", 1);
    expect(await isIngest(secret, ID, "session", 1, token)).toBe(true);
    expect(await isIngest(secret, "other-8802xv", "session", 1, token)).toBe(false);
    expect(await isIngest(secret, ID, "other", 1, token)).toBe(false);
    expect(await isIngest(secret, ID, "session", 2, token)).toBe(false);
    expect(await isIngest(secret, ID, "session", 1, "")).toBe(false);
    expect(await isIngest(secret, ID, "session", Number.NaN, token)).toBe(false);
  });

  test("can not be made of another's fields shifted by a letter", async () => {
    const token = await ingestToken(secret, "ab", "c", 1);
    expect(await isIngest(secret, "a", "bc", 1, token)).toBe(false);
  });

  test("is not a host key", async () => {
    expect(await isHost(secret, ID, `Bearer ${await ingestToken(secret, ID, ID, 1)}`)).toBe(false);
  });
});

describe("the admin token", () => {
  test("opens when it is there and right", () => {
    expect(isAdmin("admin", "Bearer admin")).toBe(true);
    expect(isAdmin("admin", "Bearer admim")).toBe(false);
    expect(isAdmin("admin", null)).toBe(false);
  });

  test("that is empty opens nothing", () => {
    for (const header of ["Bearer ", "Bearer", "", null, "Bearer undefined"])
      expect(isAdmin("", header)).toBe(false);
  });
});
