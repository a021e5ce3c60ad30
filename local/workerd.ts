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
 * Runs the Worker in workerd through Miniflare, as wrangler.toml configures it, but without the proxy and the entry Worker that
 * `wrangler dev` puts in front. This file is a process of its own with an IPC channel. It ends when the channel closes, so that
 * it cannot outlive its starter.
 *
 * Arguments: the address to serve on (`HOST:PORT`), the folder of the storage, and optionally the address to serve the bucket
 * on. The channel's first message is the Worker's variables, secrets included.
 */

/** A message over the channel: a sentence about why the runtime cannot run. The process ends after it. */
export interface Failed {
  readonly failed: string;
}

/** The fields of wrangler.toml that are used here. */
interface Config {
  readonly name: string;
  readonly main: string;
  readonly compatibility_date: string;
  readonly build: { readonly command?: string };
  readonly vars: Readonly<Record<string, string>>;
  readonly assets?: { readonly run_worker_first?: readonly string[] | boolean };
}
/** The fields that are used of the options that wrangler makes from wrangler.toml. Their own type has no members. */
interface WorkerOptions {
  readonly modulesRules: unknown;
  readonly serviceBindings: Record<string, string>;
  readonly assets: { readonly directory: string };
  readonly r2Buckets: Record<string, string>;
}

const ROOT = join(import.meta.dirname, "..");
/** The runtime is restarted when it ends by itself. After so many such ends within a minute, this process gives up. */
const MAX_ENDS = 3;

const [address = "", persist = "", lifeboat] = process.argv.slice(2);
process.env.MINIFLARE_WORKERD_V8_FLAGS ??= V8_FLAGS;
let miniflare: Miniflare | null = null;
process.once("disconnect", () => void end(0));
// A terminal may send Ctrl-C to all its processes; then this one ends in order too.
process.on("SIGINT", () => void end(0));

void run();

async function run(): Promise<void> {
  try {
    const [variables] = await once(process, "message");
    miniflare = await start(variables);
    await miniflare.ready;
  } catch (error) {
    await fail(
      error instanceof BuildFailure ? error.message : `The runtime did not start: ${messageOf(error)}`,
    );
  }
}

async function start(variables: Record<string, string>): Promise<Miniflare> {
  const read = unstable_readConfig({ config: join(ROOT, "wrangler.toml") });
  const config = read as unknown as Config;
  const { command } = config.build;
  if (command !== undefined) await build(promisify(exec)(command, { cwd: ROOT }));
  const modules = await build(bundle("local/front-worker.ts", { "earshot-worker": config.main }));
  // Secrets are in `variables`. Wrangler would look for them elsewhere and report them missing.
  const { workerOptions } = unstable_getMiniflareWorkerOptions({ ...read, secrets: undefined });
  const { assets, modulesRules: _, ...worker } = workerOptions as unknown as WorkerOptions;
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
            WORKER_FIRST: pathPrefixes(config.assets?.run_worker_first),
            OWN_ADDRESS: /^\[?(.*?)\]?:\d+$/.exec(address)?.[1] ?? "",
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
        ...(lifeboat === undefined ? [] : [await lifeboatWorker(lifeboat, worker, compatibilityDate)]),
      ],
      // Miniflare's own socket gives access to more than the Worker, so it is on loopback and on an unpublished port.
      host: "127.0.0.1",
      port: 0,
      resourcePersistencePath: join(persist, "v3"),
      log: new ErrorLog(LogLevel.ERROR),
      handleStructuredLogs: ({ level, message }) => {
        if (!isOfFlags(message)) console.log(`${level}: ${message}`);
      },
      unsafeHandleRuntimeRestart: noteEnd,
    }),
  );
}

/** Returns the options of the Worker that serves the bucket at `address`. It has no other binding than the bucket. */
async function lifeboatWorker(
  address: string,
  { r2Buckets }: Pick<WorkerOptions, "r2Buckets">,
  compatibilityDate: string,
) {
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

/** Returns the path prefixes for which the Worker runs first, from the patterns in wrangler.toml, which must end in `/*`. */
function pathPrefixes(patterns: readonly string[] | boolean | undefined): string[] {
  if (!Array.isArray(patterns)) throw new Error("wrangler.toml: run_worker_first must be a list.");
  return patterns.map((pattern: string) => {
    if (!/^\/[\w/-]+\/\*$/.test(pattern))
      throw new Error(`wrangler.toml: run_worker_first has "${pattern}".`);
    return pattern.slice(0, -1);
  });
}

/** The times at which the runtime ended by itself, ms since 1970. */
const ends: number[] = [];

function noteEnd(): void {
  console.log("warning: The runtime ended by itself and was started again; shows go on where they were.");
  ends.push(Date.now());
  const recent = ends.filter((at) => at > Date.now() - 60_000);
  if (recent.length >= MAX_ENDS)
    void fail(`The runtime ended by itself ${MAX_ENDS} times in a minute; run with LOG=1 to see why.`);
}

/** Prints Miniflare's errors. An error that ends the runtime for good ends this process too. */
class ErrorLog extends Log {
  override error(error: Error): void {
    if ((error as { code?: string }).code === "ERR_RUNTIME_FAILURE") void fail(messageOf(error));
    else super.error(error);
  }
}

class BuildFailure extends Error {}

async function build<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new BuildFailure(`The Worker could not be built. ${stderr?.trim() || messageOf(error)}`);
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

/** The script behind the asset service: it passes requests for which there is no page to the Worker. */
const NO_PAGE = "export default { fetch: (request, env) => env.RELAY.fetch(request) };";
