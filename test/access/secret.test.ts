import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { base64url, randomName, Secret, sameText } from "../../src/access/secret.ts";

/** The HMACs that ids, keys and tokens are made from. */

test("a signature is HMAC-SHA-256 over the length-prefixed fields, as Node computes it", async () => {
  const signature = await new Secret("a secret of this test").sign("host key", "ab", "");
  const wanted = createHmac("sha256", "a secret of this test").update("8:host key2:ab0:").digest();
  expect(Buffer.from(signature)).toEqual(wanted);
});

test("a secret of less than 16 characters is refused with a sentence that says so", () => {
  expect(() => new Secret("123456789012345")).toThrow("EARSHOT_SECRET must be at least 16 characters long.");
  expect(() => new Secret("1234567890123456")).not.toThrow();
});

test("no two lists of fields have the same signature", async () => {
  const secret = new Secret("a secret of this test");
  const fields = fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fields, fields, async (one, other) => {
      const same = JSON.stringify(one) === JSON.stringify(other);
      const [a, b] = await Promise.all([secret.sign("p", ...one), secret.sign("p", ...other)]);
      expect(Buffer.from(a).equals(Buffer.from(b))).toBe(same);
    }),
  );
});

test("sameText is true for equal texts and for no others", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\u0161", "\ud83d"), maxLength: 4 });
  fc.assert(fc.property(text, text, (a, b) => sameText(a, b) === (a === b)));
  fc.assert(fc.property(text, (a) => sameText(a, a)));
  expect(sameText("", "")).toBe(true);
  expect(sameText("", "a")).toBe(false);
  expect(sameText("a", "")).toBe(false);
  expect(sameText("aa", "a")).toBe(false);
});

test("base64url is that of RFC 4648, without padding", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(base64url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
    }),
  );
});

test("random names have 128 bits and do not repeat", () => {
  const names = new Set(Array.from({ length: 1_000 }, randomName));
  expect(names.size).toBe(1_000);
  for (const name of names) expect(Buffer.from(name, "base64url")).toHaveLength(16);
});
