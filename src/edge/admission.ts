import type { Context } from "hono";
import { type HostKey, hostOf } from "../access/keys.ts";
import type { BroadcastApi } from "../broadcast-api.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { broadcastOf, type EdgeEnv, secretsOf } from "./env.ts";

/** A host whose key was made here; whether the key's generation is the present one, the Broadcast checks. */
export interface Entered {
  readonly kind: "host";
  readonly broadcast: BroadcastApi;
  readonly key: HostKey;
}

/** Lets a request of a host's through to its Broadcast, if it has a key. */
export async function enter(c: Context<{ Bindings: EdgeEnv }>, id: string): Promise<Entered | Problem> {
  const secret = await secretsOf(c.env).of(id);
  if (secret === null) return PROBLEMS.unknownBroadcast;
  const key = await hostOf(secret, id, c.req.header("authorization") ?? null);
  if (key === null) return PROBLEMS.wrongHostKey;
  return { kind: "host", broadcast: broadcastOf(c.env, id), key };
}
