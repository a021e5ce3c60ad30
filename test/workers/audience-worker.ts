import { Audience as Real } from "../../src/audience/audience.ts";
import type { Report, ShardAnswer } from "../../src/audience/shard.ts";
import { Sketch } from "../../src/audience/sketch.ts";
import { SLOT_MS } from "../../src/audience/slots.ts";
import { edge } from "../../src/edge/edge.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";
import { hasten } from "./fast-clock.ts";

/**
 * The deployed Worker with a fast clock (fast-clock.ts), and with Audience shards that fail on demand. They are fakes
 * for these faults alone, since none can be made otherwise. Requests set them:
 *
 * - `/reports/lost`: shards lose every report; `/reports/heard`: they accept reports again
 * - `/restart/NAME`: aborts a shard
 * - `/stored/NAME`: returns the names of the values that a shard has stored
 * - `/late/NAME`: sends a shard a late report
 * - `/shards/NAME/N`: stores that a show has N shards
 * - `/objects`: names the shards that received reports since the last such request
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

  /** Aborts the object: its memory is gone, its storage stays. */
  breakDown(): void {
    this.ctx.abort("broken down by the test");
  }

  /** Returns the names of the stored values. */
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
