import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_readConfig } from "wrangler";
import { bundle } from "../../local/bundle.ts";
import { isOfFlags, V8_FLAGS } from "../../local/heap.ts";
import { generateSecrets } from "../../local/relay.ts";
import { startSfu } from "../../local/sfu/server.ts";
import { frontService } from "../edge/front.ts";
import { startWorkerd } from "../edge/workerd.ts";
import { COUNTS, counted } from "./counted.ts";

/**
 * The relay under load: the whole deploy in one workerd, with a socket directly to the Worker. `wrangler dev` has a proxy and an
 * entry Worker in front of that socket, which use 20 times as much CPU for a request as the relay.
 *
 * With a number of isolates as its argument, it puts so many edges in front, each in its own workerd and with the origin bound to
 * it, as the platform does with many more.
 *
 * Runs as a process of its own with an IPC channel. It sends one {@link Staged}, and ends when the channel closes.
 */

/** The relay's URLs and its admin token. */
export interface Staged {
  readonly url: string;
  readonly adminToken: string;
  /** The listeners' URLs: one for each isolate. */
  readonly edges: readonly string[];
  /** Answers with the counts of requests to its objects (counted.ts). */
  readonly countsUrl: string;
  /** The folder in which its runtime stores its Durable Objects. */
  readonly persist: string;
}

/** The fields of wrangler.toml that are used here. */
interface Config {
  readonly compatibility_date?: string;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly durable_objects: { readonly bindings: readonly { name: string; class_name: string }[] };
  readonly r2_buckets: readonly { binding: string }[];
}

const ROOT = join(import.meta.dirname, "..", "..");

// Prevents the runtime from looking up its location: a benchmark must not access the network.
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
// The same flags as `npm start` uses.
process.env.MINIFLARE_WORKERD_V8_FLAGS ??= V8_FLAGS;
const persist = mkdtempSync(join(tmpdir(), "earshot-load-"));
const { adminToken, secret } = generateSecrets();
const appSecret = randomBytes(16).toString("hex");
const sfu = await startSfu({
  port: 0,
  host: "127.0.0.1",
  appId: "local",
  appSecret,
  log: (line) => console.error(line),
});
const config: Config = unstable_readConfig({ config: join(ROOT, "wrangler.toml") });
const durableObjects = config.durable_objects.bindings.map(({ name, class_name }) => [
  name,
  { className: class_name, useSQLite: true },
]);
const runtime = new Miniflare(
  convertV4MiniflareOptions({
    name: "relay",
    modulesRoot: "/",
    modules: counted(await bundle("src/worker.ts")).map(({ name, kind, bytes }) => ({
      type: kind === "wasm" ? "CompiledWasm" : "ESModule",
      path: `/${name}`,
      contents: bytes,
    })),
    ...(config.compatibility_date === undefined ? {} : { compatibilityDate: config.compatibility_date }),
    bindings: {
      ...(config.vars as Record<string, string>),
      ADMIN_TOKEN: adminToken,
      EARSHOT_SECRET: secret,
      SFU_API: sfu.url,
      SFU_APP_ID: "local",
      SFU_APP_SECRET: appSecret,
    },
    durableObjects: Object.fromEntries(durableObjects),
    r2Buckets: config.r2_buckets.map(({ binding }) => binding),
    unsafeDirectSockets: [
      { host: "127.0.0.1", port: 0 },
      { host: "127.0.0.1", port: 0, entrypoint: "Origin" },
      { host: "127.0.0.1", port: 0, entrypoint: COUNTS },
    ],
    resourcePersistencePath: persist,
    host: "127.0.0.1",
    port: 0,
    handleStructuredLogs: ({ message }) => {
      if (!isOfFlags(message)) console.error(message);
    },
  }),
);
await runtime.ready;
const url = (await runtime.unsafeGetDirectURL("relay")).href.replace(/\/$/, "");
const { host: origin } = await runtime.unsafeGetDirectURL("relay", "Origin");
const { href: countsUrl } = await runtime.unsafeGetDirectURL("relay", COUNTS);
const isolates = Number(process.argv[2] ?? 0);
const front = await frontService(secret, "origin");
const edges = await Promise.all(
  Array.from({ length: isolates }, () => startWorkerd([front], config.compatibility_date ?? "", { origin })),
);
process.once("disconnect", async () => {
  for (const edge of edges) await edge.stop();
  await runtime.dispose();
  await sfu.close();
  rmSync(persist, { recursive: true, force: true });
  process.exit();
});
const urls = edges.map(({ ports }) => `http://127.0.0.1:${ports.get("edge")}`);
process.send?.({
  url,
  adminToken,
  edges: isolates === 0 ? [url] : urls,
  countsUrl,
  persist,
} satisfies Staged);
