import { EARSHOT } from "../kit/deployed.ts";
import { Runtime } from "../kit/runtime.ts";
import { CacheModel } from "./model.ts";
import { TierServer } from "./server.ts";

/** The edges: two isolates of one data centre, and one of another. */
const EDGES = [
  { name: "edge-a1", dataCentre: 0 },
  { name: "edge-a2", dataCentre: 0 },
  { name: "edge-b", dataCentre: 1 },
] as const;

export type EdgeName = (typeof EDGES)[number]["name"];

/**
 * The Worker as it is deployed, in the real runtime, with the cache model between edges and origin. Each edge is a Worker of
 * its own from the same source, and reaches its origin through `env.ORIGIN`, as an edge does that is deployed apart.
 */
export class CachedWorld {
  readonly model: CacheModel;
  /** Answers that replace the origin's own, by show, where tests want it to fail. */
  readonly faults = new Map<string, () => Promise<Response>>();
  readonly #runtime: Runtime;
  readonly #servers: readonly TierServer[];

  static async start(): Promise<CachedWorld> {
    // The model leads to the origin, which starts together with the edges, and the edges must be told where the model is.
    const world = Promise.withResolvers<CachedWorld>();
    const model = new CacheModel(async ({ url }) => {
      const { pathname, search } = new URL(url);
      const { faults, origin } = await world.promise;
      const fault = faults.get(pathname.split("/")[2] ?? "");
      return fault === undefined ? origin(pathname + search) : fault();
    }, 2);
    const servers = await Promise.all(
      model.lower.map((tier) => TierServer.start((request) => tier.fetch(request))),
    );
    const origin = { name: EARSHOT.name, entrypoint: "Origin" };
    const runtime = await Runtime.start([
      EARSHOT,
      { name: "door", entry: "test/cache/door.ts", services: { ORIGIN: origin } },
      ...servers.map(({ url }, n) => ({
        name: `tier-${n}`,
        entry: "test/cache/forward.ts",
        vars: { TIER: url },
      })),
      ...EDGES.map(({ name, dataCentre }) => ({
        name,
        entry: "test/cache/edge-worker.ts",
        services: { ORIGIN: `tier-${dataCentre}` },
        objectsOf: EARSHOT.name,
      })),
    ]);
    world.resolve(new CachedWorld(model, runtime, servers));
    return world.promise;
  }

  private constructor(model: CacheModel, runtime: Runtime, servers: readonly TierServer[]) {
    this.model = model;
    this.#runtime = runtime;
    this.#servers = servers;
  }

  /** Asks one of the edges. */
  get(edge: EdgeName, path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#runtime.ask(edge, path, { headers });
  }

  /** Asks the origin directly. */
  readonly origin = (path: string): Promise<Response> => this.#runtime.ask("door", path);

  /** Creates a broadcast and opens its doors; returns its id. */
  async open(latency: string): Promise<string> {
    const { id } = await this.#runtime.open({ latency });
    return id;
  }

  api(method: string, path: string, body?: unknown): Promise<Response> {
    return this.#runtime.api(method, path, body);
  }

  /** Ends the running object; its storage is kept. */
  evict(id: string): Promise<void> {
    return this.#runtime.evict("Broadcast", id);
  }

  async close(): Promise<void> {
    await this.#runtime.close();
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}
