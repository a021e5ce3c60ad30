import { WorkerEntrypoint } from "cloudflare:workers";

/**
 * A bucket that works, fails or hangs as it is told at `/set/MODE`: a fake, because the local R2 can not be made to do so.
 * What it takes it forgets.
 */
let mode = "works";

export default class Bucket extends WorkerEntrypoint {
  override fetch(request: Request): Response {
    mode = new URL(request.url).pathname.split("/")[2] ?? "";
    return new Response(null, { status: 204 });
  }

  get(): Promise<null> {
    return this.#do(null);
  }

  put(): Promise<object> {
    return this.#do({});
  }

  list(): Promise<object> {
    return this.#do({ objects: [], truncated: false });
  }

  delete(): Promise<null> {
    return this.#do(null);
  }

  async #do<T>(answer: T): Promise<T> {
    // With a timer: the runtime ends by itself what waits for nothing.
    if (mode === "hangs") await new Promise((resolve) => setTimeout(resolve, 30_000));
    if (mode === "works") return answer;
    throw new Error("10001: internal error");
  }
}
