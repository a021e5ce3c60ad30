import { WorkerEntrypoint } from "cloudflare:workers";

/**
 * The local R2, which refuses what is put of a broadcast for as long as it is told to at `/refuse/ID` and until `/take/ID`: it can
 * not be made to do so itself. `/taken` gives the keys that it took, in order. It has nothing to give: what is asked of it is read elsewhere.
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
    // A stream's length does not come over the call.
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
