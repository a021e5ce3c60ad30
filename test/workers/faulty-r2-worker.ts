import { WorkerEntrypoint } from "cloudflare:workers";

/**
 * The local R2, which refuses all puts of a broadcast from `/refuse/ID` until `/take/ID`; the local R2 can not be made
 * to do so itself. `/taken` returns the keys of the accepted puts, in order. Reads find nothing here: tests read the
 * bucket elsewhere.
 */
const refused = new Set<string>();
const taken: string[] = [];

export default class Bucket extends WorkerEntrypoint<{ readonly MEDIA: R2Bucket }> {
  override fetch(request: Request): Response {
    const [, what, id = ""] = new URL(request.url).pathname.split("/");
    if (what === "taken") return Response.json(taken);
    if (what === "refuse") refused.add(id);
    else refused.delete(id);
    return new Response(null, { status: 204 });
  }

  get(): null {
    return null;
  }

  async put(
    key: string,
    body: Uint8Array | string | ReadableStream,
    options: R2PutOptions = {},
  ): Promise<object> {
    const [id = ""] = key.split("/");
    if (refused.has(id)) throw new Error("10001: internal error");
    // The length of a stream is not known across the call.
    const whole = body instanceof ReadableStream ? await new Response(body).arrayBuffer() : body;
    await this.env.MEDIA.put(key, whole, options);
    taken.push(key);
    return {};
  }

  async list(options: R2ListOptions): Promise<object> {
    const { objects, truncated } = await this.env.MEDIA.list(options);
    return { objects: objects.map(({ key }) => ({ key })), truncated };
  }

  async delete(keys: string[]): Promise<void> {
    await this.env.MEDIA.delete(keys);
  }
}
