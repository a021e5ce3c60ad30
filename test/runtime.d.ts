/** The Workers types that unit tests of src need. Loading all of the Workers types would clash with Node's. */
type R2Bucket = import("@cloudflare/workers-types").R2Bucket;
type SqlStorage = import("@cloudflare/workers-types").SqlStorage;
type ExecutionContext = import("@cloudflare/workers-types").ExecutionContext;
type DurableObjectId = import("@cloudflare/workers-types").DurableObjectId;
type DurableObjectState = import("@cloudflare/workers-types").DurableObjectState;
type DurableObjectNamespace<
  T extends import("@cloudflare/workers-types").Rpc.DurableObjectBranded | undefined = undefined,
> = import("@cloudflare/workers-types").DurableObjectNamespace<T>;

declare const FixedLengthStream: new (
  length: number,
) => {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
};

interface Fetcher {
  fetch(request: Request | string, init?: RequestInit): Promise<Response>;
}

declare module "cloudflare:workers" {
  export abstract class DurableObject<Env> {
    readonly [Rpc.__DURABLE_OBJECT_BRAND]: never;
    // biome-ignore lint/plugin: as the platform declares it
    protected readonly ctx: DurableObjectState;
    // biome-ignore lint/plugin: as the platform declares it
    protected readonly env: Env;
    constructor(ctx: DurableObjectState, env: Env);
  }

  import type { Rpc } from "@cloudflare/workers-types";
}
