import { exec } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { bundle } from "./bundle.ts";
import { isOfFlags, V8_FLAGS } from "./heap.ts";
import { socketAt } from "./socket.ts";

/**
 * The Worker in workerd, by Miniflare's own hand: what wrangler.toml says, without the proxy and the entry Worker that
 * `wrangler dev` has before it. A process of its own with an IPC channel, and it ends when the channel does, so that
 * nothing outlives who started it.
 *
 * Arguments: the address to serve on (`HOST:PORT`), where the storage lies, and the address to serve the bucket on, which may be
 * left out. The channel's first message is the Worker's
 * variables, secrets among them.
 */

/** What goes over the channel: a sentence about why it can not run, after which it ends. */
export interface Failed {
  readonly failed: string;
}

/** What is read of wrangler.toml, and of the options that wrangler makes of it, whose own type has no members. */
interface Config {
  readonly name: string;
  readonly main: string;
  readonly compatibility_date: string;
  readonly build: { readonly command?: string };
  readonly vars: Readonly<Record<string, string>>;
  readonly assets?: { readonly run_worker_first?: readonly string[] | boolean };
}
interface Plain {
  readonly modulesRules: unknown;
  readonly serviceBindings: Record<string, string>;
  readonly assets: { readonly directory: string };
  readonly r2Buckets: Record<string, string>;
}

const ROOT = join(import.meta.dirname, "..");
/** The runtime is started again when it ends by itself; so many ends within a minute are one too many. */
const MOST_ENDS = 3;

const [address = "", persist = "", lifeboat] = process.argv.slice(2);
process.env.MINIFLARE_WORKERD_V8_FLAGS ??= V8_FLAGS;
let miniflare: Miniflare | null = null;
process.once("disconnect", () => void end(0));
// Ctrl-C may come to all of the terminal's processes; who started this one decides.
process.on("SIGINT", () => void end(0));

void run();

async function run(): Promise<void> {
  try {
    const [variables] = await once(process, "message");
    miniflare = await start(variables);
    await miniflare.ready;
  } catch (error) {
    await fail(error instanceof Unbuilt ? error.message : `The runtime did not start: ${messageOf(error)}`);
  }
}

async function start(variables: Record<string, string>): Promise<Miniflare> {
  const read = unstable_readConfig({ config: join(ROOT, "wrangler.toml") });
  const config = read as unknown as Config;
  const { command } = config.build;
  if (command !== undefined) await build(promisify(exec)(command, { cwd: ROOT }));
  const modules = await build(bundle("local/front-worker.ts", { "earshot-worker": config.main }));
  // Secrets are in `variables`; wrangler would look for them elsewhere and miss them.
  const { workerOptions } = unstable_getMiniflareWorkerOptions({ ...read, secrets: undefined });
  const { assets, modulesRules: _, ...worker } = workerOptions as unknown as Plain;
  const { name, compatibility_date: compatibilityDate } = config;
  return new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          ...worker,
          name,
          modulesRoot: "/",
          modules: modules.map((module) => ({
            type: module.kind === "wasm" ? "CompiledWasm" : "ESModule",
            path: `/${module.name}`,
            contents: module.bytes,
          })),
          bindings: {
            ...config.vars,
            ...variables,
            WORKER_FIRST: beginnings(config.assets?.run_worker_first),
          },
          serviceBindings: { ...worker.serviceBindings, PAGES: "pages" },
          unsafeBindings: [socketAt(address)],
        },
        {
          name: "pages",
          compatibilityDate,
          modulesRoot: "/",
          modules: [{ type: "ESModule", path: "/pages.js", contents: NO_PAGE }],
          serviceBindings: { RELAY: { name, entrypoint: "Relay" } },
          assets: { ...assets, routerConfig: { has_user_worker: true } },
        },
        ...(lifeboat === undefined ? [] : [await server(lifeboat, worker, compatibilityDate)]),
      ],
      // Miniflare's own door opens to more than the Worker: it is for this machine alone, on a port that nobody is told.
      host: "127.0.0.1",
      port: 0,
      resourcePersistencePath: join(persist, "v3"),
      log: new Trouble(LogLevel.ERROR),
      handleStructuredLogs: ({ level, message }) => {
        if (!isOfFlags(message)) console.log(`${level}: ${message}`);
      },
      unsafeHandleRuntimeRestart: noteEnd,
    }),
  );
}

/** What serves the bucket at `address`: a Worker that has it bound, and nothing else. */
async function server(address: string, { r2Buckets }: Pick<Plain, "r2Buckets">, compatibilityDate: string) {
  const [module] = await build(bundle("local/lifeboat-worker.ts"));
  return {
    name: "lifeboat",
    compatibilityDate,
    modulesRoot: "/",
    modules: [{ type: "ESModule" as const, path: "/lifeboat.js", contents: module?.bytes ?? "" }],
    r2Buckets,
    unsafeBindings: [socketAt(address)],
  };
}

/** What the Worker is first for, of wrangler.toml: a path and all that is below it, for each. */
function beginnings(patterns: readonly string[] | boolean | undefined): string[] {
  if (!Array.isArray(patterns)) throw new Error("wrangler.toml: run_worker_first must be a list.");
  return patterns.map((pattern: string) => {
    if (!/^\/[\w/-]+\/\*$/.test(pattern))
      throw new Error(`wrangler.toml: run_worker_first has "${pattern}".`);
    return pattern.slice(0, -1);
  });
}

/** When the runtime ended by itself, ms since 1970. */
const ends: number[] = [];

function noteEnd(): void {
  console.log("warning: The runtime ended by itself and was started again; shows go on where they were.");
  ends.push(Date.now());
  const recent = ends.filter((at) => at > Date.now() - 60_000);
  if (recent.length >= MOST_ENDS)
    void fail(`The runtime ended by itself ${MOST_ENDS} times in a minute; run with LOG=1 to see why.`);
}

/** Miniflare's own errors; what ends the runtime for good ends this process. */
class Trouble extends Log {
  override error(error: Error): void {
    if ((error as { code?: string }).code === "ERR_RUNTIME_FAILURE") void fail(messageOf(error));
    else super.error(error);
  }
}

class Unbuilt extends Error {}

async function build<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Unbuilt(`The Worker could not be built. ${stderr?.trim() || messageOf(error)}`);
  }
}

async function fail(sentence: string): Promise<void> {
  if (process.connected) process.send?.({ failed: sentence } satisfies Failed);
  await end(1);
}

async function end(code: number): Promise<void> {
  await miniflare?.dispose();
  process.exit(code);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the asset service has no page for is the Worker's. */
const NO_PAGE = "export default { fetch: (request, env) => env.RELAY.fetch(request) };";
