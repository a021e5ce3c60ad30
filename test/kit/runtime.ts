import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Miniflare } from "miniflare";
import type { BroadcastApi } from "../../src/broadcast-api.ts";
import { cpuOf } from "./cpu.ts";
import type { CreatedBroadcast, Described } from "./created.ts";
import { type Options, settingsOf, type Variables, type Workers } from "./deployed.ts";
import { heapBy } from "./inspector.ts";

/**
 * Workers in one workerd, each with a socket of its own, with their storage in memory. The first Worker is the edge, which
 * answers all calls about the API and broadcasts. Wrangler's test harness would put a proxy and a Worker before that socket,
 * which take most of a request's time.
 */
export class Runtime {
  /** The URL of the first Worker. */
  readonly url: string;
  readonly adminToken: string;
  readonly #lines: string[];
  readonly #workers: Workers;
  readonly #options: Options;
  readonly #miniflare: Miniflare;
  /** Variables of the first Worker that were added at the last restart. */
  #vars: Variables = {};

  static async start(workers: Workers, options: Options = {}): Promise<Runtime> {
    process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
    const lines: string[] = [];
    const adminToken = randomBytes(12).toString("hex");
    const miniflare = new Miniflare(await settingsOf(workers, adminToken, lines, options));
    await miniflare.ready;
    const url = (await miniflare.unsafeGetDirectURL(workers[0].name)).origin;
    return new Runtime(workers, options, miniflare, lines, { url, adminToken });
  }

  private constructor(
    workers: Workers,
    options: Options,
    miniflare: Miniflare,
    lines: string[],
    { url, adminToken }: Pick<Runtime, "url" | "adminToken">,
  ) {
    this.url = url;
    this.adminToken = adminToken;
    this.#lines = lines;
    this.#workers = workers;
    this.#options = options;
    this.#miniflare = miniflare;
  }

  /** Asks a Worker through its own socket. */
  async ask(name: string, path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(await this.urlOf(name, path), init);
  }

  /** Calls the admin API with the token. */
  api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${this.adminToken}`, ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }

  /** Creates a broadcast. By default it has no hold audio, so that only its hosts are heard. */
  async create(settings: Record<string, unknown> = {}): Promise<CreatedBroadcast> {
    const response = await this.api("POST", "/broadcasts", { hold: "none", ...settings });
    if (response.status !== 201) throw new Error(`POST /api/broadcasts: ${response.status}`);
    return (await response.json()) as CreatedBroadcast;
  }

  /** Creates a broadcast and opens its doors. */
  async open(settings: Record<string, unknown> = {}): Promise<CreatedBroadcast> {
    const broadcast = await this.create(settings);
    await this.api("POST", `/broadcasts/${broadcast.id}/open`);
    return broadcast;
  }

  async describe(id: string): Promise<Described> {
    return (await (await this.api("GET", `/broadcasts/${id}`)).json()) as Described;
  }

  /** How many reads of a show the origin has answered, as it reports itself. */
  async readsOf(id: string): Promise<number> {
    const described = await (await this.api("GET", `/broadcasts/${id}`)).json();
    return (described as { originReads: { total: number } }).originReads.total;
  }

  /** The lines that the Workers have logged. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** All of {@link lines} as one text. */
  log(): string {
    return this.#lines.join("\n");
  }

  /** Ends the running object of this name and its sockets; its storage is kept. */
  async evict(objects: "Broadcast" | "Audience", name: string): Promise<void> {
    const [{ name: first }] = this.#workers;
    await this.#miniflare.unsafeEvictDurableObject(first, objects, { name, webSockets: "close" });
  }

  /**
   * Ends the runtime with all its objects and sockets, and starts it on the same storage, as a deploy would. The first Worker
   * gets `vars` over its own variables; by default those of the last restart.
   */
  async restart(vars = this.#vars): Promise<void> {
    this.#vars = vars;
    const [first, ...others] = this.#workers;
    const workers: Workers = [{ ...first, vars: { ...first.vars, ...vars } }, ...others];
    await this.#miniflare.setOptions(await settingsOf(workers, this.adminToken, this.#lines, this.#options));
  }

  /** Runs SQL in a broadcast's storage, and returns the rows. */
  async sql(id: string, statement: string): Promise<Record<string, unknown>[]> {
    const [{ name }] = this.#workers;
    const storage = await this.#miniflare.unsafeGetDurableObjectStorage(name, "Broadcast", { name: id });
    return (await storage.exec(statement)) as unknown as Record<string, unknown>[];
  }

  /** The state that a Broadcast itself reports. Through the edge it could not be asked under an id that the edge refuses. */
  async stateOf(id: string): Promise<string> {
    const objects = await this.#miniflare.getDurableObjectNamespace("BROADCAST");
    const object = objects.get(objects.idFromName(id)) as unknown as BroadcastApi;
    const described = await object.describe(this.url);
    return described.kind === "problem" ? described.code : described.state;
  }

  /** The objects in R2 whose keys begin with `prefix`: keys and bytes. */
  async storedObjects(prefix: string): Promise<Map<string, Uint8Array>> {
    const bucket = await this.#miniflare.getR2Bucket("MEDIA");
    const kept = new Map<string, Uint8Array>();
    for (const { key } of (await bucket.list({ prefix })).objects) {
      const object = await bucket.get(key);
      if (object !== null) kept.set(key, new Uint8Array(await object.arrayBuffer()));
    }
    return kept;
  }

  /** Puts an object into R2, as a show that has run for long would have done. */
  async putObject(key: string, bytes: Uint8Array): Promise<void> {
    await (await this.#miniflare.getR2Bucket("MEDIA")).put(key, bytes);
  }

  /** How many keys in R2 begin with `prefix`. */
  async countObjects(prefix: string): Promise<number> {
    const bucket = await this.#miniflare.getR2Bucket("MEDIA");
    let count = 0;
    for (let cursor: string | undefined; ; ) {
      const listed = await bucket.list({ prefix, ...(cursor !== undefined && { cursor }) });
      count += listed.objects.length;
      if (!listed.truncated) return count;
      cursor = listed.cursor;
    }
  }

  /** Bytes in use in a Worker's isolate, buffers included, after a garbage collection. */
  async heap(name: string): Promise<number> {
    const url = new URL(`/${name}`, await this.#miniflare.getInspectorURL());
    // An idle isolate does not serve its inspector.
    const asked: Promise<string>[] = [];
    const awake = setInterval(
      () => asked.push(this.ask(name, "/robots.txt").then((response) => response.text())),
      50,
    );
    try {
      // Sometimes the inspector's proxy does not reach the runtime, and the socket stays silent for good.
      for (let tries = 0; tries < 5; tries++) {
        const used = await heapBy(url, 4_000);
        if (used !== null) return used;
      }
      throw new Error("the inspector does not answer");
    } finally {
      clearInterval(awake);
      // Otherwise the runtime might end while one of them has no answer.
      await Promise.all(asked);
    }
  }

  /** The URL of a path at a Worker's own socket. */
  async urlOf(name: string, path: string): Promise<string> {
    return new URL(path, await this.#miniflare.unsafeGetDirectURL(name)).href;
  }

  /** CPU time of the runtime's process, ms. */
  cpu(): number {
    return cpuOf(processOf());
  }

  /** Resident bytes of the runtime's process. */
  memory(): number {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(statusOf(processOf()))?.[1]);
  }

  /** Keeps the runtime's process from running for `millis`, as an overloaded machine does. */
  async halt(millis: number): Promise<void> {
    const pid = processOf();
    process.kill(pid, "SIGSTOP");
    await sleep(millis);
    process.kill(pid, "SIGCONT");
  }

  close(): Promise<void> {
    return this.#miniflare.dispose();
  }
}

/** The only runtime that this process has started. */
function processOf(): number {
  const [pid, ...others] = descendantsOf(process.pid).filter((child) =>
    statusOf(child).startsWith("Name:\tworkerd\n"),
  );
  if (pid === undefined || others.length > 0)
    throw new Error("there is not one runtime, but none or several");
  return pid;
}

function statusOf(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, "utf8");
}

function descendantsOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" "),
  );
  return children
    .filter((text) => text !== "")
    .flatMap((text) => [Number(text), ...descendantsOf(Number(text))]);
}
