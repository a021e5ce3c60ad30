import type { Context } from "hono";
import type { BroadcastApi } from "../broadcast-api.ts";
import { isProblem, type Problem } from "../problem.ts";
import { type EdgeEnv, type OriginStub, originOf } from "./env.ts";
import { askBroadcast } from "./operator.ts";

/** How to set one kind of producer's sound (hold audio, an announcement) with a WAV file. */
export interface Sound<Described extends object> {
  /** The answer to a request without a file. */
  readonly noFile: Problem;
  /** The answer if the file could not be stored. */
  readonly notKept: Problem;
  /** Asks the Broadcast which sound is set. */
  find(broadcast: BroadcastApi): Promise<Described | Problem>;
  /** Has the origin store the file and set it for broadcast `id`. */
  keep(origin: OriginStub, id: string, wav: ReadableStream<Uint8Array>): Promise<Described | Problem>;
}

/** Sets a sound of the broadcast that an operator means by `name`, an id or a slug. Returns which sound is set then. */
export async function putSound<Described extends object>(
  c: Context<{ Bindings: EdgeEnv }>,
  name: string,
  { noFile, notKept, find, keep }: Sound<Described>,
): Promise<Described | Problem> {
  const { body } = c.req.raw;
  if (body === null) return noFile;
  // A slug may stand for two ids, and the body can be read only once: so find the id of the broadcast first.
  let id = "";
  const found = await askBroadcast(c.env, name, (broadcast, foundId) => {
    id = foundId;
    return find(broadcast);
  });
  if (isProblem(found)) return found;
  return keep(originOf(c.env, c.executionCtx), id, body).catch((error: unknown) => {
    console.error(`A sound of ${id} was not kept: ${String(error)}`);
    return notKept;
  });
}
