import { join } from "node:path";
import { build } from "esbuild";

/** One of a Worker's modules, as the runtime takes them. The first in a list is the entry module. */
export interface Module {
  readonly name: string;
  readonly kind: "script" | "wasm";
  readonly bytes: Uint8Array;
}

/**
 * Bundles a Worker as a deploy does: into one script and the wasm modules that it imports. Rejects with esbuild's BuildFailure,
 * whose message names the faulty lines.
 *
 * @param entry a path relative to the project's root
 * @param alias files to use in place of packages, by package name
 */
export async function bundle(entry: string, alias: Readonly<Record<string, string>> = {}): Promise<Module[]> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "..", entry)],
    bundle: true,
    write: false,
    outdir: "worker",
    format: "esm",
    target: "es2024",
    external: ["cloudflare:*", "node:*"],
    loader: { ".wasm": "copy" },
    alias: { ...alias },
    logLevel: "silent",
  });
  const modules = outputFiles.map(({ path, contents }): Module => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return { name, kind: name.endsWith(".wasm") ? "wasm" : "script", bytes: contents };
  });
  return modules.sort((a, b) => Number(a.kind === "wasm") - Number(b.kind === "wasm"));
}
