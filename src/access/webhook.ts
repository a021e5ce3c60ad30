/** Signs messages, so that a receiver can verify that the relay sent them: Standard Webhooks (standardwebhooks.com). */

const PREFIX = "whsec_";
const encoder = new TextEncoder();

/** Whether `text` is a secret as Standard Webhooks defines it: `whsec_` and 24 to 64 bytes in base64. */
export function isWebhookSecret(text: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text)) return false;
  try {
    const { length } = bytesOf(text);
    return length >= 24 && length <= 64;
  } catch {
    return false;
  }
}

/** Makes a new secret of 32 random bytes. */
export function mintWebhookSecret(): string {
  return PREFIX + base64(crypto.getRandomValues(new Uint8Array(32)));
}

/** Returns the headers of message `id` with this body, sent at `now` (milliseconds since 1970). */
export async function signedHeaders(
  secret: string,
  id: string,
  now: number,
  body: string,
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000));
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytesOf(secret), hmac, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(`${id}.${timestamp}.${body}`));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${base64(new Uint8Array(signature))}`,
  };
}

function bytesOf(secret: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(secret.slice(PREFIX.length)), (letter) => letter.charCodeAt(0));
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
