import { type Secret, sameText } from "./secret.ts";

/**
 * A broadcast's id is its slug and a keyed check, `town-hall-7k3f9q`. It is short enough to read out, and whoever has the
 * secret can tell an invented one without looking anything up.
 */

/** Crockford's base 32 without its look-alikes, in lower case. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const CHECK_LENGTH = 6;
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const MAX_SLUG = 48;

/** The id of the broadcast whose slug this is; `slug` must satisfy {@link isSlug}. */
export async function mintId(secret: Secret, slug: string): Promise<string> {
  return `${slug}-${await check(secret, slug)}`;
}

/** Whether `id` was minted with this secret. Costs one HMAC; remember the answer where it is asked often. */
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

/** A slug made from a title, e.g. "Town Hall!" -> "town-hall"; "show" where the title has no Latin letter or digit. */
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

/** Four random characters that keep two shows of one title apart. */
export function randomTail(): string {
  return letters(crypto.getRandomValues(new Uint8Array(4)));
}

/** A new host's id: eight random characters, 40 bits, so that no two of one broadcast are alike. */
export function randomHostId(): string {
  return letters(crypto.getRandomValues(new Uint8Array(8)));
}

async function check(secret: Secret, slug: string): Promise<string> {
  return letters((await secret.sign("broadcast id", slug)).subarray(0, CHECK_LENGTH));
}

function letters(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte & 31)).join("");
}
