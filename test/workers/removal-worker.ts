import { Broadcast as Real } from "../../src/broadcast/broadcast.ts";
import type { BroadcastEnv } from "../../src/broadcast/env.ts";
import { edge } from "../../src/edge/edge.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";

/**
 * The deployed Worker, with an R2 for its Broadcasts in which each deletion takes half a second longer than the one
 * before, and which refuses to list and to delete after `/r2/fails`. The local R2 is too fast to be interrupted.
 * `/cut/ID` resets a show's object, whatever it is doing.
 */

export { Audience } from "../../src/audience/audience.ts";
export { Directory } from "../../src/directory/directory.ts";
export { Origin } from "../../src/origin/origin.ts";

let mode = "works";
const SLOWER_MS = 500;

function slow(bucket: R2Bucket): R2Bucket {
  let waiting = 0;
  const check = () => {
    if (mode === "fails") throw new Error("10001: internal error");
  };
  return {
    get: (...parameters: Parameters<R2Bucket["get"]>) => bucket.get(...parameters),
    put: (...parameters: Parameters<R2Bucket["put"]>) => bucket.put(...parameters),
    list: async (options: R2ListOptions) => {
      check();
      return bucket.list(options);
    },
    delete: async (names: string[]) => {
      check();
      await new Promise((resolve) => setTimeout(resolve, SLOWER_MS * ++waiting));
      waiting--;
      return bucket.delete(names);
    },
  } as unknown as R2Bucket;
}

export class Broadcast extends Real {
  constructor(ctx: DurableObjectState, env: BroadcastEnv) {
    super(ctx, { ...env, MEDIA: slow(env.MEDIA) });
  }

  cut(): void {
    this.ctx.abort("cut by the test");
  }
}

interface Env extends Omit<EdgeEnv, "BROADCAST"> {
  readonly BROADCAST: DurableObjectNamespace<Broadcast>;
}

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const [, first, second = ""] = new URL(request.url).pathname.split("/");
    if (first === "cut")
      await env.BROADCAST.get(env.BROADCAST.idFromName(second))
        .cut()
        .catch(() => {});
    else if (first === "r2") mode = second;
    else return edge.fetch(request, env as unknown as EdgeEnv, context);
    return new Response(null, { status: 204 });
  },
};
