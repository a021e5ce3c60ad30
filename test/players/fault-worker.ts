import { Audience as RealAudience } from "../../src/audience/audience.ts";
import { Broadcast as RealBroadcast } from "../../src/broadcast/broadcast.ts";
import type { BroadcastEnv } from "../../src/broadcast/env.ts";
import { Directory as RealDirectory } from "../../src/directory/directory.ts";
import { edge } from "../../src/edge/edge.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";
import { type OriginEnv, Origin as RealOrigin } from "../../src/origin/origin.ts";

/**
 * The deployed Worker with its pages, and with faults that can not be made on demand otherwise. Requests set them:
 *
 * - `/fault/reset/ID`: aborts a broadcast's object and its sockets, as when the platform evicts it or replaces its code
 * - `/fault/r2/ID/MODE`: R2 `works`, `refuses` or `hangs` for a broadcast; calls that hung are carried out once it
 *   works again
 * - `/fault/others/MODE`: the Directory and the Audience `work`, `throw` or `hang`
 * - `/fault/alarm/ID/MS`: alarms of a broadcast come this much later
 * - `/fault/clock/MS`: the wall clock of this isolate is set forward by this much, or back where it is negative
 * - `/puts/ID`: returns the keys that R2 has accepted for a broadcast, in order
 */

const buckets = new Map<string, string>();
const puts = new Map<string, string[]>();
const late = new Map<string, number>();
let others = "work";
let clockMs = 0;

const realNow = Date.now;
Date.now = () => realNow() + clockMs;

/** Waits with a timer: the runtime ends a request that waits for nothing of its own. */
const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

/** A bucket that refuses or hangs per broadcast as told; everything it does is done by the real bucket. */
function faulty(bucket: R2Bucket): R2Bucket {
  const passed = async (key: string) => {
    const id = key.split("/")[0] ?? "";
    while (buckets.get(id) === "hangs") await sleep(200);
    if (buckets.get(id) === "refuses") throw new Error("10001: internal error");
    return id;
  };
  return new Proxy(bucket, {
    get: (_, name) => {
      if (name === "get" || name === "head")
        return async (key: string, ...more: []) => {
          await passed(key);
          return bucket[name](key, ...more);
        };
      if (name === "put")
        return async (key: string, ...more: [ArrayBuffer]) => {
          const id = await passed(key);
          const answer = await bucket.put(key, ...more);
          puts.set(id, [...(puts.get(id) ?? []), key]);
          return answer;
        };
      const value = Reflect.get(bucket, name);
      return typeof value === "function" ? value.bind(bucket) : value;
    },
  });
}

export class Broadcast extends RealBroadcast {
  constructor(ctx: DurableObjectState, env: BroadcastEnv) {
    super(ctx, { ...env, MEDIA: faulty(env.MEDIA) });
  }

  /** Aborts this object. The next read of its state makes it anew. */
  reset(): void {
    this.ctx.abort("reset by the test");
  }

  override async alarm(): Promise<void> {
    await sleep(late.get(this.ctx.id.name ?? "") ?? 0);
    return super.alarm();
  }
}

export class Origin extends RealOrigin {
  constructor(ctx: ExecutionContext, env: OriginEnv) {
    super(ctx, { ...env, MEDIA: faulty(env.MEDIA) });
  }
}

async function fail(): Promise<void> {
  while (others === "hang") await sleep(200);
  if (others === "throw") throw new Error("thrown by the test");
}

/** Over RPC a promise is as good as the value that it resolves to. */
const afterFault = <T>(work: () => T): T => fail().then(work) as never;

export class Audience extends RealAudience {
  override report(...args: Parameters<RealAudience["report"]>) {
    return afterFault(() => super.report(...args));
  }

  override read(...args: Parameters<RealAudience["read"]>) {
    return afterFault(() => super.read(...args));
  }
}

export class Directory extends RealDirectory {
  override async put(...args: Parameters<RealDirectory["put"]>) {
    await fail();
    return super.put(...args);
  }

  override async page(...args: Parameters<RealDirectory["page"]>) {
    await fail();
    return super.page(...args);
  }
}

interface Env extends Omit<EdgeEnv, "BROADCAST"> {
  readonly BROADCAST: DurableObjectNamespace<Broadcast>;
  /** The pages' files by path, as JSON. */
  readonly PAGES: string;
}

const TYPES: Readonly<Record<string, string>> = { html: "text/html", js: "text/javascript", css: "text/css" };

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    const [, first, what, id = "", more = ""] = pathname.split("/");
    if (first === "puts") return Response.json(puts.get(what ?? "") ?? []);
    if (first === "fault") {
      if (what === "r2") buckets.set(id, more);
      else if (what === "others") others = id;
      else if (what === "alarm") late.set(id, Number(more));
      else if (what === "clock") clockMs = Number(id);
      else if (what === "reset") await reset(env, id);
      else return new Response(null, { status: 404 });
      return new Response(null, { status: 204 });
    }
    const path = first === "listen" ? "/listen.html" : pathname;
    const page = (JSON.parse(env.PAGES) as Record<string, string>)[path];
    if (page === undefined) return edge.fetch(request, env as unknown as EdgeEnv, context);
    return new Response(page, { headers: { "content-type": TYPES[path.split(".").at(-1) ?? ""] ?? "" } });
  },
};

async function reset(env: Env, id: string): Promise<void> {
  const call = env.BROADCAST.get(env.BROADCAST.idFromName(id)).reset();
  // The object ends before it can answer.
  await call.catch(() => {});
}
