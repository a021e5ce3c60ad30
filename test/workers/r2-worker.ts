import { WorkerEntrypoint } from "cloudflare:workers";

/**
 * A bucket that works, gives, fails or hangs as told at `/set/MODE`: a fake, because the local R2 can not be made to do
 * so. In the mode `works` it has no objects; in the mode `gives` it has ten bytes under each name. It keeps only the
 * names of what is put, which `/taken` returns. `/out/ID` returns how many puts of a broadcast are in flight.
 */
let mode = "works";
const taken: string[] = [];
const out = new Map<string, number>();

export default class Bucket extends WorkerEntrypoint {
  override fetch(request: Request): Response {
    const [, what, name = ""] = new URL(request.url).pathname.split("/");
    if (what === "taken") return Response.json(taken);
    if (what === "out") return Response.json(out.get(name) ?? 0);
    mode = name;
    return new Response(null, { status: 204 });
  }

  get(): Promise<object | null> {
    return this.#do(mode === "gives" ? { body: new Uint8Array(10), size: 10 } : null);
  }

  async put(key: string): Promise<object> {
    const [id = ""] = key.split("/");
    const count = (change: number) => out.set(id, (out.get(id) ?? 0) + change);
    count(1);
    try {
      const answer = await this.#do({});
      taken.push(key);
      return answer;
    } finally {
      count(-1);
    }
  }

  list(): Promise<object> {
    return this.#do({ objects: [], truncated: false });
  }

  delete(): Promise<null> {
    return this.#do(null);
  }

  async #do<T>(answer: T): Promise<T> {
    // Waits with a timer: the runtime ends a request that waits for nothing of its own.
    if (mode === "hangs") await new Promise((resolve) => setTimeout(resolve, 30_000));
    if (mode === "fails" || mode === "hangs") throw new Error("10001: internal error");
    return answer;
  }
}
