import { Directory as Real } from "../../src/directory/directory.ts";
import { directoryOf, type Entry, type Page, type Query } from "../../src/directory-api.ts";
import { edge } from "../../src/edge/edge.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";

/**
 * The deployed Worker with a Directory that works, throws or hangs as told at `/directory/MODE`, and that lists a
 * missing broadcast after `/ghost/ID`. It is a fake for these faults alone, since none can be made otherwise.
 */

export { Audience } from "../../src/audience/audience.ts";
export { Broadcast } from "../../src/broadcast/broadcast.ts";
export { Origin } from "../../src/origin/origin.ts";

let mode = "works";

/**
 * Fails as told. It hangs with a timer, because the runtime ends a request that waits for nothing of its own; a call
 * that hung has no effect in the end.
 */
async function fail(): Promise<void> {
  if (mode === "works") return;
  if (mode === "hangs") await new Promise((resolve) => setTimeout(resolve, 60_000));
  throw new Error("thrown by the test");
}

export class Directory extends Real {
  override async put(entry: Entry): Promise<void> {
    await fail();
    return super.put(entry);
  }

  override async remove(id: string): Promise<void> {
    await fail();
    return super.remove(id);
  }

  override async page(query: Query): Promise<Page> {
    await fail();
    return super.page(query);
  }
}

export default {
  async fetch(request: Request, env: EdgeEnv, context: ExecutionContext): Promise<Response> {
    const [, first, name = ""] = new URL(request.url).pathname.split("/");
    switch (first) {
      case "directory":
        mode = name;
        return new Response(null, { status: 204 });
      case "ghost": {
        const ghost = { id: name, title: "Ghost", createdAt: 1, endedAt: null };
        await directoryOf(env.DIRECTORY).put({ ...ghost, state: "open", latency: "low" });
        return new Response(null, { status: 204 });
      }
      default:
        return edge.fetch(request, env, context);
    }
  },
};
