import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { createTestHarness } from "wrangler";
import { CacheModel } from "./model.ts";
import { TierServer } from "./server.ts";

const DATE = "2026-11-17";
/** Where edges are: two isolates of one data centre, and one of another. */
const EDGES = [
  { name: "edge-a1", dataCentre: 0 },
  { name: "edge-a2", dataCentre: 0 },
  { name: "edge-b", dataCentre: 1 },
] as const;

export type EdgeName = (typeof EDGES)[number]["name"];

/**
 * The Worker as it is deployed, in the real runtime, with the cache model between edges and origin. Each edge is a Worker
 * of its own, of the same source, which reaches its origin through `env.ORIGIN` as it does where that is deployed apart.
 */
export class CachedWorld {
  readonly model: CacheModel;
  /** What the origin answers for a show instead of itself, where tests want it to fail. */
  readonly faults = new Map<string, () => Promise<Response>>();
  readonly #harness: ReturnType<typeof createTestHarness>;
  readonly #servers: readonly TierServer[];
  readonly #adminToken: string;

  static async start(): Promise<CachedWorld> {
    process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
    const adminToken = randomBytes(12).toString("hex");
    const secrets = { ADMIN_TOKEN: adminToken, EARSHOT_SECRET: "the secret of these tests" };
    // What the model leads to exists only once the edges do, which are told where the model is.
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
    const common = { compatibility_date: DATE };
    const harness = createTestHarness({
      root: fileURLToPath(new URL(".", import.meta.url)),
      workers: [
        {
          configPath: "../../wrangler.toml",
          vars: { SFU_API: "http://127.0.0.1:9/v1" },
          secrets: { ...secrets, SFU_APP_ID: "none", SFU_APP_SECRET: "none" },
        },
        {
          config: {
            ...common,
            name: "door",
            main: "door.ts",
            services: [{ binding: "ORIGIN", service: "earshot", entrypoint: "Origin" }],
          },
        },
        ...servers.map(({ url }, n) => ({
          config: { ...common, name: `tier-${n}`, main: "forward.ts", vars: { TIER: url } },
        })),
        ...EDGES.map(({ name, dataCentre }) => ({
          config: {
            ...common,
            name,
            main: "edge-worker.ts",
            vars: secrets,
            services: [{ binding: "ORIGIN", service: `tier-${dataCentre}` }],
            durable_objects: {
              bindings: [
                { name: "BROADCAST", class_name: "Broadcast", script_name: "earshot" },
                { name: "AUDIENCE", class_name: "Audience", script_name: "earshot" },
              ],
            },
          },
        })),
      ],
    });
    await harness.listen();
    world.resolve(new CachedWorld(model, harness, servers, adminToken));
    return world.promise;
  }

  private constructor(
    model: CacheModel,
    harness: ReturnType<typeof createTestHarness>,
    servers: readonly TierServer[],
    adminToken: string,
  ) {
    this.model = model;
    this.#harness = harness;
    this.#servers = servers;
    this.#adminToken = adminToken;
  }

  /** Asks one of the edges. */
  get(edge: EdgeName, path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#harness.getWorker(edge).fetch(path, { headers }) as Promise<unknown> as Promise<Response>;
  }

  /** Asks the origin with nothing between. */
  readonly origin = (path: string): Promise<Response> =>
    this.#harness.getWorker("door").fetch(path) as Promise<unknown> as Promise<Response>;

  /** Creates a broadcast and opens its doors; its id. */
  async open(latency: string): Promise<string> {
    const created = await this.api("POST", "/broadcasts", { latency });
    const { id } = (await created.json()) as { id: string };
    await this.api("POST", `/broadcasts/${id}/open`);
    return id;
  }

  api(method: string, path: string, body?: unknown): Promise<Response> {
    return this.#harness.getWorker("earshot").fetch(`/api${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#adminToken}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }) as Promise<unknown> as Promise<Response>;
  }

  /** Ends the running object; its storage stays. */
  evict(id: string): Promise<void> {
    return this.#harness
      .getWorker("earshot")
      .evictDurableObject("Broadcast", { name: id, webSockets: "close" });
  }

  async close(): Promise<void> {
    await this.#harness.close();
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}
