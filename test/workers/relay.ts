import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { createTestHarness } from "wrangler";
import type { BroadcastApi, DescribedHost } from "../../src/broadcast-api.ts";

type TestHarness = ReturnType<typeof createTestHarness>;
type TestHarnessOptions = NonNullable<Parameters<typeof createTestHarness>[0]>;

/** The Worker as it is deployed, in the real runtime, with its storage in memory. */
export class Relay {
  readonly url: string;
  readonly adminToken: string;
  readonly #harness: TestHarness;
  readonly #options: (restarts: number, secrets: DeploymentSecrets) => TestHarnessOptions;
  #restarts = 0;
  #secrets: DeploymentSecrets = { EARSHOT_SECRET };

  private constructor(
    harness: TestHarness,
    options: (restarts: number, secrets: DeploymentSecrets) => TestHarnessOptions,
    access: { readonly url: string; readonly adminToken: string },
  ) {
    this.#harness = harness;
    this.#options = options;
    this.url = access.url;
    this.adminToken = access.adminToken;
  }

  /** @param sfuApi the base URL of the SFU's API; nobody answers at the default */
  static async start(sfuApi = "http://127.0.0.1:9/v1"): Promise<Relay> {
    process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
    const adminToken = randomBytes(12).toString("hex");
    const options = (restarts: number, secrets: DeploymentSecrets): TestHarnessOptions => ({
      root: fileURLToPath(new URL("../..", import.meta.url)),
      workers: [
        {
          configPath: "wrangler.toml",
          vars: {
            SFU_API: sfuApi,
            ICE_SERVERS: "stun:stun.example:3478,stun:stun2.example:3478",
            RESTARTS: String(restarts),
          },
          secrets: {
            ADMIN_TOKEN: adminToken,
            ...secrets,
            SFU_APP_ID: "local",
            SFU_APP_SECRET: SFU_SECRET,
          },
        },
      ],
    });
    const harness = createTestHarness(options(0, { EARSHOT_SECRET }));
    const { url } = await harness.listen();
    return new Relay(harness, options, { url: url.origin, adminToken });
  }

  /** Calls the admin API with the token. */
  api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${this.adminToken}`, ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }

  /** Creates a broadcast. */
  async create(settings: Record<string, unknown> = {}): Promise<Created> {
    const response = await this.api("POST", "/broadcasts", settings);
    if (response.status !== 201) throw new Error(`POST /api/broadcasts: ${response.status}`);
    return (await response.json()) as Created;
  }

  /** Creates a broadcast and opens its doors. */
  async open(settings: Record<string, unknown> = {}): Promise<Created> {
    const broadcast = await this.create(settings);
    await this.api("POST", `/broadcasts/${broadcast.id}/open`);
    return broadcast;
  }

  async describe(id: string): Promise<Described> {
    return (await (await this.api("GET", `/broadcasts/${id}`)).json()) as Described;
  }

  /** Everything the Worker has written to its log, as one text. */
  log(): string {
    return JSON.stringify(this.#harness.getLogs());
  }

  /** Ends an idle object and its sockets; its storage stays. A show's timeline runs, so its object can not be evicted. */
  evict(name: string, object: "Audience" | "Broadcast"): Promise<void> {
    return this.#harness.getWorker().evictDurableObject(object, { name, webSockets: "close" });
  }

  /**
   * Ends the runtime with all its objects and sockets, and starts it on the same storage, as a deploy would; with other
   * secrets, where they are given.
   */
  async restart(secrets = this.#secrets): Promise<void> {
    this.#secrets = secrets;
    await this.#harness.update(this.#options(++this.#restarts, secrets));
  }

  /** Runs SQL in a broadcast's storage, and gives the rows. */
  async sql(id: string, statement: string): Promise<Record<string, unknown>[]> {
    const storage = await this.#harness.getWorker().getDurableObjectStorage("Broadcast", { name: id });
    return (await storage.exec(statement)) as unknown as Record<string, unknown>[];
  }

  /** How a Broadcast itself says its show is; the edge lets nobody ask whose id it refuses. */
  async stateOf(id: string): Promise<string> {
    const { BROADCAST } = await this.#harness.getWorker().getEnv();
    const object: BroadcastApi = BROADCAST.get(BROADCAST.idFromName(id));
    const described = await object.describe(this.url);
    return described.kind === "problem" ? described.code : described.state;
  }

  /** The keys in R2 that begin with `prefix`, and what lies there. */
  async kept(prefix: string): Promise<Map<string, Uint8Array>> {
    const { MEDIA } = await this.#harness.getWorker().getEnv();
    const kept = new Map<string, Uint8Array>();
    for (const { key } of (await MEDIA.list({ prefix })).objects) {
      kept.set(key, new Uint8Array(await (await MEDIA.get(key)).arrayBuffer()));
    }
    return kept;
  }

  close(): Promise<void> {
    return this.#harness.close();
  }
}

export const EARSHOT_SECRET = "the secret of these tests";
export interface DeploymentSecrets {
  readonly EARSHOT_SECRET: string;
  readonly EARSHOT_SECRET_PREVIOUS?: string;
}
/** What the SFU's API asks for in these tests. */
export const SFU_SECRET = "the sfu application's secret";

export interface Created {
  readonly id: string;
  readonly title: string;
  readonly latency: string;
  readonly whipUrl: string;
  readonly hostKey: string;
  readonly playbackUrl: string;
  readonly listenUrl: string;
  readonly studioUrl: string;
  readonly statusUrl: string;
}

export interface Described extends Created {
  readonly state: string;
  readonly hosts: readonly DescribedHost[];
}
