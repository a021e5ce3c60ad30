import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer as createProxy, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listen } from "../kit/port.ts";

/** The script of `npm start`. */
export const START = fileURLToPath(new URL("../../local/start.ts", import.meta.url));

/** Whether this system lists its processes. Where it does not, there is less to check. */
export const TELLS_PROCESSES = existsSync("/proc/self/stat");

/** How a command ended, with its whole output. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `npm start`, or another script, in a folder with its state, and watches the processes that it starts. */
export class StartCommand {
  out = "";
  /** The address that it serves on. */
  readonly host: string;
  readonly ended: Promise<Ended>;
  readonly child: ChildProcess;
  /** The process groups that it has made. */
  readonly #groups = new Set<number>();

  constructor(folder: string, env: Readonly<Record<string, string>>, args: readonly string[] = [START]) {
    this.host = env.HOST || "127.0.0.1";
    this.child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env } });
    let err = "";
    this.child.stdout?.on("data", (chunk) => {
      this.out += chunk;
    });
    this.child.stderr?.on("data", (chunk) => {
      err += chunk;
    });
    const watching = setInterval(() => this.look(), 50);
    this.ended = new Promise((resolve) => {
      this.child.once("exit", (code) => {
        clearInterval(watching);
        resolve({ code, out: this.out, err });
      });
    });
  }

  /** Returns the living processes that it has started. */
  look(): readonly number[] {
    const all = processes();
    const ours = new Set([this.child.pid ?? 0]);
    // A parent's id is lower than its children's, except once in 2^22 processes.
    for (const { pid, parent, group } of all) {
      if (!ours.has(parent)) continue;
      ours.add(pid);
      if (group === pid) this.#groups.add(group);
    }
    return all.filter(({ group }) => this.#groups.has(group)).map(({ pid }) => pid);
  }

  /** Kills it and the processes that it started, for a test that failed. */
  kill(): void {
    for (const pid of this.look()) process.kill(pid, "SIGKILL");
    this.child.kill("SIGKILL");
  }
}

/** Returns all running processes with parent and group; zombies do not count. */
function processes(): { pid: number; parent: number; group: number }[] {
  if (!TELLS_PROCESSES) return [];
  // Without file types: to read them, each entry would be looked at, and one that has ended meanwhile would throw.
  const ids = readdirSync("/proc").flatMap((name) => Number(name) || []);
  return ids
    .sort((a, b) => a - b)
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const [state, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return state === "Z" ? [] : [{ pid, parent: Number(parent), group: Number(group) }];
      } catch {
        return []; // it has ended meanwhile
      }
    });
}

/** Makes a folder for one test's state; disposing removes it. */
export function folder(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "earshot-start-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Starts a proxy like a TLS proxy, as seen from behind it: it speaks HTTP to `origin`, under a name that only the
 * outside knows. It carries no WebSockets.
 */
export async function startProxy(origin: string, name: string): Promise<{ url: string; close(): void }> {
  const server = createProxy((incoming, outgoing) => {
    const { method, headers } = incoming;
    const onward = request(
      origin + incoming.url,
      { method, headers: { ...headers, host: name, "x-forwarded-proto": "https" } },
      (reply) => {
        outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(outgoing);
      },
    );
    incoming.pipe(onward);
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** Whether the port accepts connections. */
export function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
