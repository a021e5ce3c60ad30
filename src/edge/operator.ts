import type { z } from "zod";
import { mintId } from "../access/id.ts";
import type { Secrets } from "../access/secrets.ts";
import type { BroadcastApi } from "../broadcast-api.ts";
import { bodyTooLarge, invalidSettings, isProblem, PROBLEMS, type Problem } from "../problem.ts";
import { readJson } from "./body.ts";
import { broadcastOf, type EdgeEnv, secretsOf } from "./env.ts";
import { NO_STORE, refuse } from "./refusal.ts";
import { faultOf } from "./settings.ts";

/** Shared by the operators' routes: how they find a broadcast, read JSON and answer with JSON. */

/** Maximum size of a body of settings, bytes: more than all settings need at their longest, with every character escaped. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * Asks the broadcast that an operator means by `name`, an id or a slug. The id of a slug depends on the secret that made it, so
 * while the secret is being changed there are two ids. The first broadcast that exists answers.
 */
export async function askBroadcast<T>(
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
  return (
    typeof answer === "object" &&
    answer !== null &&
    isProblem(answer) &&
    answer.code === PROBLEMS.unknownBroadcast.code
  );
}

async function idsOf(secrets: Secrets, name: string): Promise<readonly string[]> {
  if ((await secrets.of(name)) !== null) return [name];
  return Promise.all(secrets.all.map((secret) => mintId(secret, name)));
}

/** Reads a body of settings. @param empty the value that an empty body stands for; null: an empty body is refused */
export function readSettings<T extends object>(
  request: Request,
  schema: z.ZodType<T>,
  empty: object | null = null,
): Promise<T | Problem> {
  return readJson(request, schema, MAX_BODY_BYTES, REFUSALS, empty);
}

const REFUSALS = {
  tooLarge: bodyTooLarge,
  invalid: (error: z.ZodError) => invalidSettings(faultOf(error)),
};

/** Answers an operator with `result` as JSON, or with its problem. Null: the act is done and has no result (204). */
export function answer(result: { readonly kind: string } | Problem | null, status = 200): Response {
  if (result === null) return new Response(null, { status: 204, headers: NO_STORE });
  if (isProblem(result)) return refuse(result);
  const { kind: _, ...told } = result;
  return Response.json(told, { status, headers: NO_STORE });
}
