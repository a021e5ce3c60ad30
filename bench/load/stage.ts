import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_readConfig } from "wrangler";
import { bundle } from "../../local/bundle.ts";
import { isOfFlags, V8_FLAGS } from "../../local/heap.ts";
import { mintSecrets } from "../../local/relay.ts";
import { startSfu } from "../../local/sfu/server.ts";
import { frontService } from "../edge/front.ts";
import { startWorkerd } from "../edge/workerd.ts";
import { COUNTS, counted } from "./counted.ts";

/**
 * The relay that the load is put on: the whole deploy in one workerd, with the Worker's own socket. `wrangler dev` has a
 * proxy and an entry Worker of its own before that socket, and spends 20 times on a request what the relay does.
 *
 * Given a number of isolates as its argument, it puts so many edges before that, each in a workerd of its own and with
 * the origin bound to it: what the platform does with many more.
 *
 * Run as a process of its own with an IPC channel: it sends one {@link Staged}, and ends when the channel does.
 */

/** Where the relay is, and how it is opened. */
export interface Staged {
  readonly url: string;
  readonly adminToken: string;
  /** Where listeners go: one URL for each isolate. */
  readonly edges: readonly string[];
  /** Answers with what reached its objects (counted.ts). */
  readonly countsUrl: string;
  /** The folder in which its runtime keeps its objects. */
  readonly persist: string;
}

/** What is read of wrangler.toml. */
interface Config {
  readonly compatibility_date?: string;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly durable_objects: { readonly bindings: readonly { name: string; class_name: string }[] };
  readonly r2_buckets: readonly { binding: string }[];
}

const ROOT = join(import.meta.dirname, "..", "..");

// The runtime would look up where on Earth it is; a bench talks to this machine alone.
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
// As `npm start` has it.
process.env.MINIFLARE_WORKERD_V8_FLAGS ??= V8_FLAGS;
const persist = mkdtempSync(join(tmpdir(), "earshot-load-"));
const { adminToken, secret } = mintSecrets();
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
