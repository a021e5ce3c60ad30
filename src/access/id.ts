import { type Secret, sameText } from "./secret.ts";

/**
 * A broadcast's id is its slug and a keyed check, `town-hall-7k3f9q`. It is short enough to read out. The relay, which has the
 * secret, recognises an invented id without looking anything up.
 */

/** Crockford's base 32, in lower case: it has no letters that look alike. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const CHECK_LENGTH = 6;
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const MAX_SLUG = 48;

/** Makes the id of the broadcast with this slug, which must satisfy {@link isSlug}. */
export async function mintId(secret: Secret, slug: string): Promise<string> {
  return `${slug}-${await check(secret, slug)}`;
}

/** Whether `id` was minted with this secret. Costs one HMAC: a caller that asks often should cache the answer. */
export async function isId(secret: Secret, id: string): Promise<boolean> {
  const cut = id.lastIndexOf("-");
  const slug = id.slice(0, Math.max(0, cut));
  if (!isSlug(slug) || id.length !== cut + 1 + CHECK_LENGTH) return false;
  return sameText(id.slice(cut + 1), await check(secret, slug));
}

/** Whether `text` can be a slug: 1 to 48 of a-z, 0-9 and single inner hyphens. */
export function isSlug(text: string): boolean {
  return text.length <= MAX_SLUG && SLUG.test(text);
}

/** Makes a slug from a title, e.g. "Town Hall!" -> "town-hall"; "show" if the title has no Latin letter or digit. */
export function slugOf(title: string): string {
  const plain = title
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_SLUG - 5)
    .replace(/^-+|-+$/g, "");
  return plain === "" ? "show" : plain;
}

/** Returns four random characters, which keep the ids of two shows with the same title apart. */
export function randomTail(): string {
  return letters(crypto.getRandomValues(new Uint8Array(4)));
}

/** Returns a new host's id: eight random characters, 40 bits, so that no two hosts of a broadcast have the same. */
export function randomHostId(): string {
  return letters(crypto.getRandomValues(new Uint8Array(8)));
}

async function check(secret: Secret, slug: string): Promise<string> {
  return letters((await secret.sign("broadcast id", slug)).subarray(0, CHECK_LENGTH));
}

function letters(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte & 31)).join("");
}
