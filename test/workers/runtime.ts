import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import WebSocket from "ws";
import { cpuOf } from "../../bench/load/cpu.ts";
import { bundle } from "../../local/bundle.ts";
import { type Created, EARSHOT_SECRET } from "./relay.ts";

/** A Worker: its entry from the project's root, and what is bound to it. */
export interface Deployed {
  readonly name: string;
  readonly entry: string;
  /** Binding -> the Worker, or its entrypoint. */
  readonly services?: Readonly<
    Record<string, string | { readonly name: string; readonly entrypoint: string }>
  >;
  /** The Worker that the Durable Objects are of; itself, if it is none other. */
  readonly objectsOf?: string;
  /** More of its variables, over the defaults. */
  readonly vars?: Readonly<Record<string, string>>;
}

const ADMIN_TOKEN = randomBytes(12).toString("hex");

/**
 * Workers in one workerd, each with its own socket, the first of them the edge. The test harness of wrangler has a proxy
 * and a Worker before that socket, which take most of the time that a request takes: this is for tests in which it counts.
 */
export class Runtime {
  /** Of the first Worker. */
  readonly url: string;
  /** What the Workers have written to their logs. */
  readonly lines: readonly string[];
  readonly #miniflare: Miniflare;
  readonly #first: string;

  static async start(workers: readonly [Deployed, ...Deployed[]]): Promise<Runtime> {
    process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
    const lines: string[] = [];
    const specs = await Promise.all(workers.map(specOf));
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        workers: specs,
        host: "127.0.0.1",
        port: 0,
        inspectorPort: 0,
        handleStructuredLogs: ({ message }) => lines.push(message),
      }),
    );
    await miniflare.ready;
    const url = (await miniflare.unsafeGetDirectURL(workers[0].name)).origin;
    return new Runtime(miniflare, url, workers[0].name, lines);
  }

  private constructor(miniflare: Miniflare, url: string, first: string, lines: readonly string[]) {
    this.lines = lines;
    this.#miniflare = miniflare;
    this.url = url;
    this.#first = first;
  }

  /** Asks a Worker by its own socket. */
  async ask(name: string, path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(await this.at(name, path), init);
  }

  /** What the admin API takes as `Authorization`. */
  readonly authorization = `Bearer ${ADMIN_TOKEN}`;

  /** Calls the admin API. */
  api(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.url}/api${path}`, {
      method,
      headers: { authorization: this.authorization },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** Creates a broadcast and opens its doors. */
  async open(settings: Record<string, unknown>): Promise<Created> {
    const response = await this.api("POST", "/broadcasts", settings);
    if (response.status !== 201) throw new Error(`POST /api/broadcasts: ${response.status}`);
    const broadcast = (await response.json()) as Created;
    await this.api("POST", `/broadcasts/${broadcast.id}/open`);
    return broadcast;
  }

  /** How many reads of a show the origin has answered, by its own account. */
  async readsOf(id: string): Promise<number> {
    const described = await (await this.api("GET", `/broadcasts/${id}`)).json();
    return (described as { originReads: { total: number } }).originReads.total;
  }

  /** How long after its last sample each of a show's last parts was listed, by the Broadcast's own account, ms. */
  async listingOf(id: string): Promise<{ p50: number; p99: number; max: number }> {
    const described = await (await this.api("GET", `/broadcasts/${id}`)).json();
    return (described as { listingMs: { p50: number; p99: number; max: number } }).listingMs;
  }

  /** Ends the running object of that name; its storage stays. */
  async evict(objects: "Broadcast" | "Audience", name: string): Promise<void> {
    await this.#miniflare.unsafeEvictDurableObject(this.#first, objects, {
      name,
      webSockets: "close",
    });
  }

  /** Bytes that are in use in a Worker's isolate, buffers with them, once what is not has been collected. */
  async heap(name: string): Promise<number> {
    const url = new URL(`/${name}`, await this.#miniflare.getInspectorURL());
    // An isolate with nothing to do does not attend to its inspector.
    const awake = setInterval(
      () => void this.ask(name, "/robots.txt").then((response) => response.text()),
      50,
    );
    try {
      // Now and then the inspector's proxy does not reach the runtime, and the socket stays silent for good.
      for (let tries = 0; tries < 5; tries++) {
        const used = await heapBy(url, 4_000);
        if (used !== null) return used;
      }
      throw new Error("the inspector does not answer");
    } finally {
      clearInterval(awake);
    }
  }

  /** Where a Worker's own socket answers for a path. */
  async at(name: string, path: string): Promise<string> {
    return new URL(path, await this.#miniflare.unsafeGetDirectURL(name)).href;
  }

  /** CPU time that the runtime's process has taken, ms. */
  cpu(): number {
    return cpuOf(processOf());
  }

  /** Resident bytes of the runtime's process. */
  memory(): number {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(statusOf(processOf()))?.[1]);
  }

  /** Keeps the runtime's process from running for so long, as a machine does that has too much to do. */
  async halt(millis: number): Promise<void> {
    const pid = processOf();
    process.kill(pid, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, millis));
    process.kill(pid, "SIGCONT");
  }

  close(): Promise<void> {
    return this.#miniflare.dispose();
  }
}

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

/** By one socket to the inspector (Chrome DevTools protocol); null when it stays silent for `millis`. */
async function heapBy(url: URL, millis: number): Promise<number | null> {
  const methods = ["Runtime.enable", "HeapProfiler.collectGarbage", "Runtime.getHeapUsage"];
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const socket = new WebSocket(url);
  const send = (id: number) => socket.send(JSON.stringify({ id, method: methods[id], params: {} }));
  const timer = setTimeout(() => resolve(null), millis);
  socket.on("open", () => send(0));
  socket.on("error", reject);
  socket.on("message", (message) => {
    const { id, result } = JSON.parse(String(message)) as { id?: number; result: HeapUsage };
    if (id === methods.length - 1) resolve(result.usedSize + result.backingStorageSize);
    else if (id !== undefined) send(id + 1);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.terminate();
  });
}

async function specOf({ name, entry, services, objectsOf, vars }: Deployed) {
  const modules = await bundle(entry);
  const objects = (className: string) => ({
    className,
    useSQLite: true,
    ...(objectsOf !== undefined && { scriptName: objectsOf }),
  });
  const hasObjects = objectsOf !== undefined || entry.endsWith("worker.ts");
  return {
    name,
    modulesRoot: "/",
    modules: modules.map((module) => ({
      type: module.kind === "wasm" ? ("CompiledWasm" as const) : ("ESModule" as const),
      path: `/${module.name}`,
      contents: module.bytes,
    })),
    compatibilityDate: "2026-11-17",
    bindings: {
      ADMIN_TOKEN,
      EARSHOT_SECRET,
      ICE_SERVERS: "",
      SFU_API: "http://127.0.0.1:9/v1",
      SFU_APP_ID: "none",
      SFU_APP_SECRET: "none",
      ...vars,
    },
    ...(services !== undefined && { serviceBindings: services }),
    ...(hasObjects && {
      durableObjects: { BROADCAST: objects("Broadcast"), AUDIENCE: objects("Audience") },
      r2Buckets: services?.MEDIA === undefined ? ["MEDIA"] : [],
    }),
    unsafeInspectorProxy: true,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}

/** The one runtime that this process has started. */
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
