import { base64url, type Secret, sameText } from "./secret.ts";

/** The keys people and machines present: a host's key, the SFU's ingest token, the operator's admin token. */

/**
 * The key that lets a host publish to broadcast `id`: 22 characters of base64url (128 bits). A key that replaced another has
 * its generation and a dot before them; `generation` counts the replacements. Whether a key was made here can be computed;
 * whether its generation is the present one only the Broadcast knows.
 */
export async function hostKey(secret: Secret, id: string, generation: number): Promise<string> {
  const fields = generation === 0 ? [id] : [id, String(generation)];
  const key = base64url((await secret.sign("host key", ...fields)).subarray(0, 16));
  return generation === 0 ? key : `${generation}.${key}`;
}

/** Whether an `Authorization` header carries a host key of `id` as a Bearer token (RFC 6750 section 2.1), of whatever generation. */
export async function isHost(secret: Secret, id: string, authorization: string | null): Promise<boolean> {
  const token = bearer(authorization);
  const generation = generationOf(authorization);
  return token !== null && generation !== null && sameText(token, await hostKey(secret, id, generation));
}

/** The generation that a host key in an `Authorization` header names, genuine or not; null if there is no such key. */
export function generationOf(authorization: string | null): number | null {
  const [, generation = "0"] = /^(?:([1-9]\d{0,8})\.)?[\w-]+$/.exec(bearer(authorization) ?? "") ?? [
    null,
    null,
  ];
  return generation === null ? null : Number(generation);
}

/**
 * The token in the URL that the SFU dials. It is bound to the broadcast, the publisher's session and the generation of its
 * adapter, and valid for as long as they are: after a loss the SFU dials the same URL again.
 */
export async function ingestToken(
  secret: Secret,
  id: string,
  session: string,
  generation: number,
): Promise<string> {
  return base64url((await secret.sign("ingest", id, session, String(generation))).subarray(0, 16));
}

/** Whether `token` is the one {@link ingestToken} gives for these. */
export async function isIngest(
  secret: Secret,
  id: string,
  session: string,
  generation: number,
  token: string,
): Promise<boolean> {
  return sameText(token, await ingestToken(secret, id, session, generation));
}

/** Whether an `Authorization` header carries the operator's admin token. If that is empty, nobody's is right. */
export function isAdmin(adminToken: string, authorization: string | null): boolean {
  const token = bearer(authorization);
  return adminToken !== "" && token !== null && sameText(token, adminToken);
}

function bearer(authorization: string | null): string | null {
  return /^Bearer +([\w~+/.=-]+) *$/i.exec(authorization ?? "")?.[1] ?? null;
}
