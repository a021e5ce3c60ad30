import { base64url, type Secret, sameText } from "./secret.ts";

/** The keys that people and machines present: a host's key, the SFU's ingest token, the operator's admin token. */

/** The host that every broadcast has from the beginning: its key is the broadcast's own. */
export const FIRST_HOST = "host";

/** A host's id: {@link FIRST_HOST}, or eight random characters (id.ts). */
const HOST_ID = /^(?:host|[0-9a-z]{8})$/;

/** The contents of a host's key. The edge can compute whether it is genuine; the Broadcast alone knows if it is current. */
export interface HostKey {
  readonly hostId: string;
  /** How often the host's key had been replaced when this one was made. */
  readonly generation: number;
}

/**
 * Makes the key that lets a host publish to broadcast `id`. A key ends with 22 characters of base64url (128 bits). The first
 * host's first key is no more than that; a key that replaced it begins with its generation and a dot. The key of any other host
 * begins with its hostId and its generation, each followed by a dot.
 */
export async function hostKey(secret: Secret, id: string, { hostId, generation }: HostKey): Promise<string> {
  const isFirst = hostId === FIRST_HOST;
  const fields = isFirst ? (generation === 0 ? [] : [String(generation)]) : [hostId, String(generation)];
  const mac = base64url((await secret.sign("host key", id, ...fields)).subarray(0, 16));
  return [...fields, mac].join(".");
}

/**
 * Returns the contents of the host key of `id`, of any host and generation, that an `Authorization` header carries as a Bearer
 * token (RFC 6750 section 2.1); null if it carries none that was made with this secret.
 */
export async function hostOf(
  secret: Secret,
  id: string,
  authorization: string | null,
): Promise<HostKey | null> {
  const token = bearer(authorization);
  const claim = token === null ? null : readKey(token);
  // The whole token is compared, so that each key can be written in one way only.
  return token !== null && claim !== null && sameText(token, await hostKey(secret, id, claim)) ? claim : null;
}

/** Reads what a host key claims, unchecked; null if it is not in the form of a host key. */
function readKey(token: string): HostKey | null {
  const fields = token.split(".").slice(0, -1);
  const hostId = fields.length === 2 ? fields.shift() : FIRST_HOST;
  const [generation = "0", ...more] = fields;
  if (more.length > 0 || !HOST_ID.test(hostId ?? "") || !/^\d{1,9}$/.test(generation)) return null;
  return { hostId: hostId ?? "", generation: Number(generation) };
}

/**
 * Makes the token in the URL that the SFU dials. It is bound to the broadcast, the publisher's session and the generation of its
 * adapter, and valid for as long as they are: after a lost connection the SFU dials the same URL again.
 */
export async function ingestToken(
  secret: Secret,
  id: string,
  session: string,
  generation: number,
): Promise<string> {
  return base64url((await secret.sign("ingest", id, session, String(generation))).subarray(0, 16));
}

/** Whether `token` is the one that {@link ingestToken} makes for these arguments. */
export async function isIngest(
  secret: Secret,
  id: string,
  session: string,
  generation: number,
  token: string,
): Promise<boolean> {
  return sameText(token, await ingestToken(secret, id, session, generation));
}

/** Whether an `Authorization` header carries the operator's admin token. If `adminToken` is empty, no header is accepted. */
export function isAdmin(adminToken: string, authorization: string | null): boolean {
  const token = bearer(authorization);
  return adminToken !== "" && token !== null && sameText(token, adminToken);
}

function bearer(authorization: string | null): string | null {
  return /^Bearer +([\w~+/.=-]+) *$/i.exec(authorization ?? "")?.[1] ?? null;
}
