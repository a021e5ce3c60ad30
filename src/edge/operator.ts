import { mintId } from "../access/id.ts";
import type { Secrets } from "../access/secrets.ts";
import type { BroadcastApi } from "../broadcast-api.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { broadcastOf, type EdgeEnv, secretsOf } from "./env.ts";

/** What the operators' routes have in common: whom they ask, and how JSON comes and goes. */

export const NO_STORE = { "cache-control": "no-store" };

/**
 * Asks the broadcast that an operator means by `name`, which is an id or a slug. The id of a slug depends on the secret that
 * made it, so during a hand-over there are two; the first that exists answers.
 */
export async function first<T>(
  env: EdgeEnv,
  name: string,
  ask: (broadcast: BroadcastApi, id: string) => Promise<T | Problem>,
): Promise<T | Problem> {
  let found: T | Problem = PROBLEMS.unknownBroadcast;
  for (const id of await idsOf(secretsOf(env), name)) {
    found = await ask(broadcastOf(env, id), id);
    if (!isUnknown(found)) return found;
  }
  return found;
}

function isUnknown(answer: unknown): boolean {
  return (answer as Problem | null)?.kind === "problem" && (answer as Problem).code === "unknown_broadcast";
}

async function idsOf(secrets: Secrets, name: string): Promise<readonly string[]> {
  if ((await secrets.of(name)) !== null) return [name];
  return Promise.all(secrets.all.map((secret) => mintId(secret, name)));
}

/** A body as JSON; null where it is none, which no settings are. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
