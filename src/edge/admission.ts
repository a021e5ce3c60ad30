import type { Context } from "hono";
import { type HostKey, hostOf } from "../access/keys.ts";
import type { BroadcastApi } from "../broadcast-api.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { broadcastOf, type EdgeEnv, secretsOf } from "./env.ts";

/** A host whose key is genuine. Whether the key's generation is the present one, only the Broadcast can check. */
export interface Entered {
  readonly kind: "host";
  readonly broadcast: BroadcastApi;
  readonly key: HostKey;
}

/** Checks the host key of a request for broadcast `id`. Returns the Broadcast to call, or why the request is refused. */
export async function enter(c: Context<{ Bindings: EdgeEnv }>, id: string): Promise<Entered | Problem> {
  const secret = await secretsOf(c.env).of(id);
  if (secret === null) return PROBLEMS.unknownBroadcast;
  const key = await hostOf(secret, id, c.req.header("authorization") ?? null);
  if (key === null) return PROBLEMS.wrongHostKey;
  return { kind: "host", broadcast: broadcastOf(c.env, id), key };
}
