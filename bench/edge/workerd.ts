import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** A Worker in terms of workerd's configuration (workerd.capnp, struct Worker). */
export interface Service {
  readonly name: string;
  /** The first is the entry module. Names of scripts end in `.js`; all other modules are data (an ArrayBuffer). */
  readonly modules: Readonly<Record<string, string | Uint8Array>>;
  /** Environment variables. */
  readonly text?: Readonly<Record<string, string>>;
  /** Bindings to other services, by their names. */
  readonly services?: Readonly<Record<string, string>>;
  /** Whether it gets a port. */
  readonly isPublic: boolean;
}

export interface Runtime {
  readonly pid: number;
  /** The port of each public service, by its name. */
  readonly ports: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** The workerd that wrangler depends on; its package has no types. */
const { default: program } = createRequire(import.meta.url)("workerd") as { default: string };
const READY_MS = 20_000;

/**
 * Starts one workerd with only these services: no proxy, no entry Worker, no inspector.
 *
 * @param externals services that are HTTP servers elsewhere: `host:port` by name
 */
export async function startWorkerd(
  services: readonly Service[],
  compatibilityDate: string,
  externals: Readonly<Record<string, string>> = {},
): Promise<Runtime> {
  const directory = mkdtempSync(join(tmpdir(), "earshot-workerd-"));
  for (const { name, modules } of services) {
    for (const [file, content] of Object.entries(modules)) {
      writeFileSync(join(directory, `${name}-${file}`), content);
    }
  }
  writeFileSync(join(directory, "config.capnp"), configOf(services, compatibilityDate, externals));
  const child = spawn(program, ["serve", join(directory, "config.capnp"), "--control-fd=3"], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill();
    await gone;
    rmSync(directory, { recursive: true, force: true });
  };
  const ports = new Map<string, number>();
  const listening = new Promise<void>((resolve, reject) => {
    setTimeout(() => reject(new Error("workerd is not ready.")), READY_MS).unref();
    void gone.then(() => reject(new Error("workerd ended at once.")));
    createInterface(child.stdio[3] as Readable).on("line", (line) => {
      const { event, socket, port } = JSON.parse(line) as { event: string; socket?: string; port?: number };
      if (event === "listen" && socket !== undefined && port !== undefined) ports.set(socket, port);
      if (ports.size === services.filter(({ isPublic }) => isPublic).length) resolve();
    });
  });
  try {
    await listening;
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid ?? 0, ports, stop };
}

/** Returns the configuration as Cap'n Proto text. Strings are written as in JSON, which Cap'n Proto reads alike. */
function configOf(
  services: readonly Service[],
  compatibilityDate: string,
  externals: Readonly<Record<string, string>>,
): string {
  const workers = services.map(({ name, modules, text, services: bound }) => {
    const files = Object.keys(modules).map((file) => {
      const kind = file.endsWith(".js") ? "esModule" : "data";
      return `(name = ${JSON.stringify(file)}, ${kind} = embed ${JSON.stringify(`${name}-${file}`)})`;
    });
    const bindings = [
      ...Object.entries(text ?? {}).map(
        ([key, value]) => `(name = "${key}", text = ${JSON.stringify(value)})`,
      ),
      ...Object.entries(bound ?? {}).map(([key, service]) => `(name = "${key}", service = "${service}")`),
    ];
    const worker = [
      `modules = [${files.join(", ")}]`,
      `bindings = [${bindings.join(", ")}]`,
      `compatibilityDate = "${compatibilityDate}"`,
    ];
    return `    (name = "${name}", worker = (${worker.join(", ")})),`;
  });
  for (const [name, address] of Object.entries(externals)) {
    workers.push(`    (name = "${name}", external = (address = "${address}", http = ())),`);
  }
  const sockets = services
    .filter(({ isPublic }) => isPublic)
    .map(({ name }) => `    (name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}"),`);
  return [
    'using Workerd = import "/workerd/workerd.capnp";',
    "const config :Workerd.Config = (",
    `  services = [\n${workers.join("\n")}\n  ],`,
    `  sockets = [\n${sockets.join("\n")}\n  ],`,
    ");\n",
  ].join("\n");
}
