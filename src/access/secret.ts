/**
 * Every key and token is an HMAC-SHA-256 (RFC 2104) of a purpose and its fields, keyed with the deployment's one secret. So none
 * has to be stored to be checked, and a key made for one purpose is worth nothing for another.
 */

const encoder = new TextEncoder();

/** A secret that signs. Make one per isolate: importing the key costs more than a signature. */
export class Secret {
  readonly #key: Promise<CryptoKey>;

  /**
   * @param text 16 characters or more; a shorter one throws, with a sentence for the operator
   * @param name the secret's name in the deployment's settings
   */
  constructor(text: string, name = "EARSHOT_SECRET") {
    if (text.length < 16) throw new Error(`${name} must be at least 16 characters long.`);
    this.#key = crypto.subtle.importKey(
      "raw",
      encoder.encode(text),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
  }

  /** Returns the 32-byte signature of `fields` for `purpose`. Fields are length-prefixed, so no two lists sign alike. */
  async sign(purpose: string, ...fields: readonly string[]): Promise<Uint8Array> {
    const message = [purpose, ...fields].map((field) => `${field.length}:${field}`).join("");
    return new Uint8Array(await crypto.subtle.sign("HMAC", await this.#key, encoder.encode(message)));
  }
}

/** Whether two strings are equal. The time this takes depends on the length of `given` alone. */
export function sameText(given: string, wanted: string): boolean {
  let difference = given.length ^ wanted.length;
  for (let i = 0; i < given.length; i++) {
    difference |= given.charCodeAt(i) ^ wanted.charCodeAt(i % Math.max(1, wanted.length));
  }
  return difference === 0;
}

/** Encodes bytes in base64url without padding (RFC 4648 section 5). */
export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Returns an unguessable name of 128 random bits: 22 characters of base64url. */
export function randomName(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(16)));
}
