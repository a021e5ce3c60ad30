import { convertV4MiniflareOptions } from "miniflare";
import { bundle } from "../../local/bundle.ts";

/** A Worker: its entry, relative to the project's root, and its bindings. */
export interface Deployed {
  readonly name: string;
  readonly entry: string;
  /** Binding -> the Worker, or an entrypoint of it. */
  readonly services?: Readonly<
    Record<string, string | { readonly name: string; readonly entrypoint: string }>
  >;
  /** The Worker that defines the Durable Objects; by default this one. */
  readonly objectsOf?: string;
  /** More variables of this Worker, which replace the defaults. */
  readonly vars?: Variables;
}
export type Variables = Readonly<Record<string, string>>;
export type Workers = readonly [Deployed, ...Deployed[]];

export interface Options {
  /** Whether `Runtime.sql` can be called. Miniflare wraps the objects' classes for that. False by default. */
  readonly opensStorage?: boolean;
  /** Whether `Runtime.heap` can be called. The inspector's sockets do not outlive a restart. False by default. */
  readonly measuresHeap?: boolean;
}

/** The whole Worker, as it is deployed. */
export const EARSHOT: Deployed = { name: "earshot", entry: "src/worker.ts" };

export const EARSHOT_SECRET = "the secret of these tests";
/** The secret for the SFU's API in these tests. */
export const SFU_SECRET = "the sfu application's secret";

/** The settings for Miniflare; log messages are appended to `lines`. */
export async function settingsOf(
  workers: Workers,
  adminToken: string,
  lines: string[],
  { opensStorage = false, measuresHeap = false }: Options,
) {
  return convertV4MiniflareOptions({
    workers: await Promise.all(workers.map((worker) => specOf(worker, adminToken, measuresHeap))),
    host: "127.0.0.1",
    port: 0,
    ...(measuresHeap && { inspectorPort: 0 }),
    unsafeInspectDurableObjects: opensStorage,
    handleStructuredLogs: ({ message }) => lines.push(message),
  });
}

/** Bundles of this process by entry: several runtimes run the same Worker, and no source changes during a run. */
const bundles = new Map<string, ReturnType<typeof bundle>>();

function bundleOf(entry: string): ReturnType<typeof bundle> {
  const made = bundles.get(entry) ?? bundle(entry);
  bundles.set(entry, made);
  return made;
}

async function specOf(
  { name, entry, services, objectsOf, vars }: Deployed,
  adminToken: string,
  inspected: boolean,
) {
  const modules = await bundleOf(entry);
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
      ADMIN_TOKEN: adminToken,
      EARSHOT_SECRET,
      ICE_SERVERS: "stun:stun.example:3478,stun:stun2.example:3478",
      // No server answers there.
      SFU_API: "http://127.0.0.1:9/v1",
      SFU_APP_ID: "local",
      SFU_APP_SECRET: SFU_SECRET,
      ...vars,
    },
    ...(services !== undefined && { serviceBindings: services }),
    ...(hasObjects && {
      durableObjects: {
        BROADCAST: objects("Broadcast"),
        AUDIENCE: objects("Audience"),
        DIRECTORY: objects("Directory"),
      },
      r2Buckets: services?.MEDIA === undefined ? ["MEDIA"] : [],
    }),
    unsafeInspectorProxy: inspected,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}
