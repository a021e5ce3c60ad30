import { DurableObject } from "cloudflare:workers";
import { retried } from "../../src/origin/retry.ts";

/** An object that can be read, that throws, or that is reset in the middle of a read, as told. */
export class Broadcast extends DurableObject {
  read(what: string): Promise<string> {
    if (what === "bug") throw new Error("a bug");
    return new Promise((resolve) => setTimeout(() => resolve("read"), 100));
  }

  reset(): void {
    setTimeout(() => this.ctx.abort("reset by the test"), 50);
  }
}

export class Audience extends DurableObject {}
export class Directory extends DurableObject {}

interface Env {
  readonly BROADCAST: DurableObjectNamespace<Broadcast>;
}

/** `/plain/WHAT` reads once, `/retried/WHAT` reads as Origin does; both return the properties of the read's error. */
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, how, what = ""] = new URL(request.url).pathname.split("/");
    const stub = () => env.BROADCAST.get(env.BROADCAST.idFromName("object"));
    let calls = 0;
    const read = () => {
      calls++;
      return stub().read(what);
    };
    if (what === "reset") await stub().reset();
    try {
      return Response.json({ answer: await (how === "retried" ? retried(read) : read()), calls });
    } catch (error) {
      const { message } = error as Error;
      const { remote, retryable, overloaded, durableObjectReset } = error as Record<string, unknown>;
      return Response.json({ error: { message, remote, retryable, overloaded, durableObjectReset }, calls });
    }
  },
};
