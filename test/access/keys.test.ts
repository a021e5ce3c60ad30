import { describe, expect, test } from "vitest";
import { FIRST_HOST, hostKey, hostOf, ingestToken, isAdmin, isIngest } from "../../src/access/keys.ts";
import { Secret } from "../../src/access/secret.ts";

/** Host keys, ingest tokens and the admin token: each opens only what it was made for. */

const secret = new Secret("a secret of this test");
const ID = "town-hall-8802xv";

const first = (generation: number) => ({ hostId: FIRST_HOST, generation });
const ada = (generation: number) => ({ hostId: "k7w2m9qa", generation });

describe("the first host's key", () => {
  // Links that people already have must go on working after any deploy.
  test.each([
    [0, "KzuDnSRD0InsenX9MoHQBQ"],
    [1, "1.qCYyXI04lTp8toWpYkjUlQ"],
    [12, "12.Ik6wPxS786Umk2_XxxleuA"],
  ])("of generation %i never changes", async (generation, key) => {
    expect(await hostKey(secret, ID, first(generation))).toBe(key);
    expect(await hostOf(secret, ID, `Bearer ${key}`)).toEqual(first(generation));
  });

  test("fits one broadcast and one secret", async () => {
    const key = await hostKey(secret, ID, first(0));
    expect(await hostOf(secret, "other-8802xv", `Bearer ${key}`)).toBe(null);
    expect(await hostOf(new Secret("another secret, as long"), ID, `Bearer ${key}`)).toBe(null);
  });

  test.each([
    ["the scheme in any case (RFC 9110 section 11.1)", (key: string) => `bEARER ${key}`, true],
    ["more than one space", (key: string) => `Bearer   ${key} `, true],
    ["no scheme", (key: string) => key, false],
    ["another scheme", (key: string) => `Basic ${key}`, false],
    ["no token", () => "Bearer ", false],
    ["a part of the key", (key: string) => `Bearer ${key.slice(0, -1)}`, false],
    ["more than the key", (key: string) => `Bearer ${key}A`, false],
    ["the key twice", (key: string) => `Bearer ${key}, Bearer ${key}`, false],
    ["nothing", () => "", false],
  ])("in a header with %s", async (_, header, opens) => {
    const key = await hostKey(secret, ID, first(0));
    expect(await hostOf(secret, ID, header(key))).toEqual(opens ? first(0) : null);
  });

  test("of a later generation names that generation, and no generation's HMAC passes for another", async () => {
    const keys = await Promise.all([0, 1, 2, 12].map((generation) => hostKey(secret, ID, first(generation))));
    expect(keys.map((key) => key.replace(/[\w-]{22}$/, ""))).toEqual(["", "1.", "2.", "12."]);
    expect(new Set(keys.map((key) => key.slice(-22))).size).toBe(4);
    for (const forged of ["0.", "01.", "3.", "1e0.", "-1.", ".", "host.1.", "..1."])
      expect(await hostOf(secret, ID, `Bearer ${forged}${keys[1]?.slice(2)}`), forged).toBe(null);
    for (const written of ["0.", "host.", "host.0."])
      expect(await hostOf(secret, ID, `Bearer ${written}${keys[0]}`), written).toBe(null);
  });

  test("is required: a request without a header opens nothing", async () =>
    expect(await hostOf(secret, ID, null)).toBe(null));
});

describe("another host's key", () => {
  test("names its host and generation, and is always the same", async () => {
    const key = await hostKey(secret, ID, ada(0));
    expect(key).toBe("k7w2m9qa.0.AD6LVyhKbX8tmTJ1pG7IXA");
    expect(await hostOf(secret, ID, `Bearer ${key}`)).toEqual(ada(0));
    expect(await hostOf(secret, ID, `Bearer ${await hostKey(secret, ID, ada(7))}`)).toEqual(ada(7));
    expect(await hostOf(secret, "other-8802xv", `Bearer ${key}`)).toBe(null);
    expect(await hostOf(new Secret("another secret, as long"), ID, `Bearer ${key}`)).toBe(null);
  });

  test("is refused under another host's id or another generation", async () => {
    const mac = (await hostKey(secret, ID, ada(0))).slice(-22);
    const firsts = (await hostKey(secret, ID, first(0))).slice(-22);
    for (const forged of [
      mac,
      `0.${mac}`,
      `1.${mac}`,
      `host.0.${mac}`,
      `k7w2m9qb.0.${mac}`,
      `k7w2m9qa.1.${mac}`,
      `k7w2m9qa.00.${mac}`,
      `k7w2m9qa..${mac}`,
      `k7w2m9qa.${mac}`,
      `K7W2M9QA.0.${mac}`,
      `k7w2m9qa.0.0.${mac}`,
      `k7w2m9qa.0.${firsts}`,
    ])
      expect(await hostOf(secret, ID, `Bearer ${forged}`), forged).toBe(null);
  });

  test("is not the admin token, and the admin token is no host's key", async () => {
    const key = await hostKey(secret, ID, ada(0));
    expect(isAdmin("an admin token", `Bearer ${key}`)).toBe(false);
    expect(await hostOf(secret, ID, "Bearer an-admin-token")).toBe(null);
  });
});

describe("the ingest token", () => {
  test("is bound to a broadcast, a session and a generation", async () => {
    const token = await ingestToken(secret, ID, "session", 1);
    expect(await isIngest(secret, ID, "session", 1, token)).toBe(true);
    expect(await isIngest(secret, "other-8802xv", "session", 1, token)).toBe(false);
    expect(await isIngest(secret, ID, "other", 1, token)).toBe(false);
    expect(await isIngest(secret, ID, "session", 2, token)).toBe(false);
    expect(await isIngest(secret, ID, "session", 1, "")).toBe(false);
    expect(await isIngest(secret, ID, "session", Number.NaN, token)).toBe(false);
  });

  test("can not be made from other fields whose texts join to the same characters", async () => {
    const token = await ingestToken(secret, "ab", "c", 1);
    expect(await isIngest(secret, "a", "bc", 1, token)).toBe(false);
  });

  test("is not a host key", async () => {
    expect(await hostOf(secret, ID, `Bearer ${await ingestToken(secret, ID, ID, 1)}`)).toBe(null);
  });
});

describe("the admin token", () => {
  test("opens when it is present and right", () => {
    expect(isAdmin("admin", "Bearer admin")).toBe(true);
    expect(isAdmin("admin", "Bearer admim")).toBe(false);
    expect(isAdmin("admin", null)).toBe(false);
  });

  test("that is empty opens nothing", () => {
    for (const header of ["Bearer ", "Bearer", "", null, "Bearer undefined"])
      expect(isAdmin("", header)).toBe(false);
  });
});
