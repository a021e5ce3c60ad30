import { Audience as Real, type Report } from "../../src/audience/audience.ts";
import type { Answer } from "../../src/audience/pace.ts";
import { edge } from "../../src/edge/edge.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";
import { hasten } from "./fast-clock.ts";

/**
 * The deployed Worker, but that its clock is fast (fast-clock.ts), and that its shards can be made to lose what is reported to them (`/reports/lost`, and
 * `/reports/heard` to have them listen again), and to break down (`/restart/NAME`): a fake for these alone, since neither
 * can be had on demand. The runtime's own way to evict waits for an object that nobody refers to.
 */

export { Broadcast } from "../../src/broadcast/broadcast.ts";
export { Origin } from "../../src/origin/origin.ts";

hasten();

let areLost = false;
let lost = 0;

export class Audience extends Real {
  override report(report: Report): Answer {
    if (!areLost) return super.report(report);
    lost += 1;
    throw new Error("lost by the test");
  }

  /** Its memory is gone; its storage stays. */
  breakDown(): void {
    this.ctx.abort("broken down by the test");
  }
}

interface Env extends Omit<EdgeEnv, "AUDIENCE"> {
  readonly AUDIENCE: DurableObjectNamespace<Audience>;
}

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const [, first, ...rest] = new URL(request.url).pathname.split("/");
    if (first === "restart") {
      const shard = env.AUDIENCE.get(env.AUDIENCE.idFromName(rest.join("/")));
      const broken = await shard.breakDown().then(
        () => false,
        () => true,
      );
      return Response.json({ broken });
    }
    if (first !== "reports") return edge.fetch(request, env, context);
    areLost = rest[0] === "lost";
    return Response.json({ lost });
  },
};
