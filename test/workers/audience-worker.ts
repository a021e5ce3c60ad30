import { Audience as Real } from "../../src/audience/audience.ts";
import type { Report, ShardAnswer } from "../../src/audience/shard.ts";
import { Sketch } from "../../src/audience/sketch.ts";
import { SLOT_MS } from "../../src/audience/slots.ts";
import { edge } from "../../src/edge/edge.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";
import { hasten } from "./fast-clock.ts";

/**
 * The deployed Worker, but that its clock is fast (fast-clock.ts), and that its shards can be made to lose what is
 * reported to them (`/reports/lost`, and `/reports/heard` to have them listen again), to break down (`/restart/NAME`), to
 * tell what they have stored (`/stored/NAME`), to be told something late (`/late/NAME`) and that there are so many of them (`/shards/NAME/N`): a fake for these
 * alone, since none can be had on demand. `/objects` names the shards that were reported to since it was last asked.
 */

export { Broadcast } from "../../src/broadcast/broadcast.ts";
export { Directory } from "../../src/directory/directory.ts";
export { Origin } from "../../src/origin/origin.ts";

hasten();

let areLost = false;
let lost = 0;
const objects = new Set<string>();

export class Audience extends Real {
  override report(report: Report): ShardAnswer {
    if (!areLost) {
      objects.add(this.ctx.id.name ?? "nameless");
      return super.report(report);
    }
    lost += 1;
    throw new Error("lost by the test");
  }

  /** Its memory is gone; its storage stays. */
  breakDown(): void {
    this.ctx.abort("broken down by the test");
  }

  /** The names of what is stored. */
  stored(): string[] {
    return [...this.ctx.storage.kv.list()].map(([name]) => name);
  }

  /** Stores that the show has so many shards. */
  putShards(count: number): void {
    this.ctx.storage.kv.put("shards", count);
  }
}

interface Env extends Omit<EdgeEnv, "AUDIENCE"> {
  readonly AUDIENCE: DurableObjectNamespace<Audience>;
}

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const [, first, ...rest] = new URL(request.url).pathname.split("/");
    const shard = (name: string) => env.AUDIENCE.get(env.AUDIENCE.idFromName(name));
    switch (first) {
      case "restart": {
        const broken = await shard(rest.join("/"))
          .breakDown()
          .then(
            () => false,
            () => true,
          );
        return Response.json({ broken });
      }
      case "stored":
        return Response.json(await shard(rest.join("/")).stored());
      case "late": {
        const show = rest.join("/");
        const nobody = new Sketch().toBytes();
        const slot = Math.floor(Date.now() / SLOT_MS);
        const entry = { show, slot, shard: show, seats: nobody, coarse: nobody, deliveredMs: 1, version: 1 };
        const report = { reporter: "late", entries: [entry], previous: null, up: null, below: null };
        return Response.json(await shard(show).report(report));
      }
      case "shards":
        await shard(rest[0] ?? "").putShards(Number(rest[1]));
        return Response.json({});
      case "objects": {
        const names = [...objects].sort();
        objects.clear();
        return Response.json(names);
      }
      case "reports":
        areLost = rest[0] === "lost";
        return Response.json({ lost });
      default:
        return edge.fetch(request, env, context);
    }
  },
};
