import { base64url, type Secret, sameText } from "./secret.ts";

/** The keys people and machines present: a host's key, the SFU's ingest token, the operator's admin token. */

/**
 * The key that lets a host publish to broadcast `id`: 22 characters of base64url (128 bits), and before them, once the key
 * has been replaced, how often it was and a dot. Nobody has to be asked whether a key was made here; whether its
 * `generation` is the present one the Broadcast alone knows.
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

/** The generation that a host key in an `Authorization` header names, whether or not it was made here; null where none is. */
export function generationOf(authorization: string | null): number | null {
  const [, generation = "0"] = /^(?:([1-9]\d{0,8})\.)?[\w-]+$/.exec(bearer(authorization) ?? "") ?? [
    null,
    null,
  ];
  return generation === null ? null : Number(generation);
}

/**
 * The token in the URL that the SFU dials back: bound to broadcast, publisher session and generation, and valid for as
 * long as these stand, because the SFU re-dials the same URL after a loss.
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

/** Whether an `Authorization` header carries the operator's admin token. An empty token opens nothing. */
export function isAdmin(adminToken: string, authorization: string | null): boolean {
  const token = bearer(authorization);
  return adminToken !== "" && token !== null && sameText(token, adminToken);
}

function bearer(authorization: string | null): string | null {
  return /^Bearer +([\w~+/.=-]+) *$/i.exec(authorization ?? "")?.[1] ?? null;
}
