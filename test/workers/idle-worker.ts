import { Broadcast as Real } from "../../src/broadcast/broadcast.ts";
import type { Description, Settings } from "../../src/broadcast-api.ts";
import { edge } from "../../src/edge/edge.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";
import type { Problem } from "../../src/problem.ts";
import { IDLE_MS } from "./idle.ts";

/**
 * The deployed Worker, but its shows are closed after {@link IDLE_MS} without anybody, whatever their settings: the API
 * accepts no less than a minute. `/alarm/ID` returns the time of a show's alarm.
 */
export { Audience } from "../../src/audience/audience.ts";
export { Directory } from "../../src/directory/directory.ts";
export { Origin } from "../../src/origin/origin.ts";

export class Broadcast extends Real {
  override create(settings: Settings, origin: string): Promise<Description | Problem> {
    return super.create({ ...settings, idleMinutes: IDLE_MS / 60_000 }, origin);
  }

  alarmAt(): Promise<number | null> {
    return this.ctx.storage.getAlarm();
  }
}

interface Env extends Omit<EdgeEnv, "BROADCAST"> {
  readonly BROADCAST: DurableObjectNamespace<Broadcast>;
}

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const [, first, id = ""] = new URL(request.url).pathname.split("/");
    if (first !== "alarm") return edge.fetch(request, env as unknown as EdgeEnv, context);
    return Response.json(await env.BROADCAST.get(env.BROADCAST.idFromName(id)).alarmAt());
  },
};
