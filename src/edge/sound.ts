import type { Context } from "hono";
import type { BroadcastApi } from "../broadcast-api.ts";
import { isProblem, type Problem } from "../problem.ts";
import { type EdgeEnv, type OriginStub, originOf } from "./env.ts";
import { first } from "./operator.ts";

/** A producer's sound, which a WAV file is to set. */
export interface Sound<Described extends object> {
  /** What is said of a request without a file. */
  readonly noFile: Problem;
  /** What is said where it could not be kept. */
  readonly notKept: Problem;
  /** Asks for what is set. */
  find(broadcast: BroadcastApi): Promise<Described | Problem>;
  /** Has the origin take the file in for broadcast `id`. */
  keep(origin: OriginStub, id: string, wav: ReadableStream<Uint8Array>): Promise<Described | Problem>;
}

/** Sets a sound of the broadcast that an operator means by `name`: what is set then. */
export async function putSound<Described extends object>(
  c: Context<{ Bindings: EdgeEnv }>,
  name: string,
  { noFile, notKept, find, keep }: Sound<Described>,
): Promise<Described | Problem> {
  const { body } = c.req.raw;
  if (body === null) return noFile;
  // Its body can be read once, so which of a slug's broadcasts it is for is asked first.
  let id = "";
  const found = await first(c.env, name, (broadcast, its) => {
    id = its;
    return find(broadcast);
  });
  if (isProblem(found)) return found;
  return keep(originOf(c.env, c.executionCtx), id, body).catch((error: unknown) => {
    console.error(`A sound of ${id} was not kept: ${String(error)}`);
    return notKept;
  });
}
