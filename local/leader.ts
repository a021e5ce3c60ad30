import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { httpOrigin } from "./address.ts";

export interface LeaderOptions {
  readonly host: string;
  readonly port: number;
  /** The port on which the bucket is served without the Worker; null: it is not served. */
  readonly lifeboat: number | null;
  /** Whether the leader is `wrangler dev`, which rebuilds changed code and takes 15 times the CPU for a request. */
  readonly dev: boolean;
  /** The folder of the Worker's storage, an absolute path. */
  readonly persist: string;
  /** The Worker's variables and secrets; they override those of wrangler.toml. */
  readonly variables: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, "..");

export interface Leader {
  readonly child: ChildProcess;
  /** Asks the leader to end, and to end the processes that it started. */
  ask(): void;
  /** Deletes the variables that it stored on disk, if any. */
  forget(): void;
}

/**
 * Starts the process that runs the Worker in workerd. It gets its own process group, so that Ctrl-C reaches only the starting
 * process, and the whole group can be ended at once.
 */
export function startLeader(options: LeaderOptions): Leader {
  return options.dev ? startWrangler(options) : startWorkerd(options);
}

function startWorkerd({ host, port, persist, lifeboat, variables }: LeaderOptions): Leader {
  const [address, ...beside] = (lifeboat === null ? [port] : [port, lifeboat]).map(
    (port) => new URL(httpOrigin(host, port)).host,
  );
  const child = start([join(import.meta.dirname, "workerd.ts"), address ?? "", persist, ...beside]);
  // Sent over the channel, because every user can see a process's arguments. Fails if the process has ended already.
  child.send(variables, (error) => error && child.emit("error", error));
  // Asked by closing the channel, not by a signal: on Windows a signal ends the leader at once, and its children would stay.
  return { child, ask: () => child.connected && child.disconnect(), forget: () => {} };
}

/** Wrangler reads the variables from a file, which only this user may read. */
function startWrangler({ host, port, persist, variables }: LeaderOptions): Leader {
  mkdirSync(persist, { recursive: true });
  const envFile = join(persist, `${process.pid}-${randomBytes(4).toString("hex")}.env`);
  const lines = Object.entries(variables).map(([name, value]) => `${name}="${value}"\n`);
  writeFileSync(envFile, lines.join(""), { mode: 0o600 });
  const args = ["dev", "--ip", host, "--port", String(port), "--persist-to", persist, "--env-file", envFile];
  args.push("--inspector-port", "0", "--show-interactive-dev-session=false");
  const child = start([join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js"), ...args]);
  return { child, ask: () => child.kill("SIGINT"), forget: () => rmSync(envFile, { force: true }) };
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, {
    cwd: ROOT,
    detached: true,
    windowsHide: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...SETTINGS },
  });
}

const SETTINGS = {
  // Builds the pages without the deployment's copy, which has none of this machine's shows.
  LIFEBOAT_URL: "",
  WRANGLER_LOG: "warn",
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  // Wrangler's explorer would give the whole storage to any client that sends a Host header of localhost. Its traces would keep
  // every URL on disk, tokens included.
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false",
  NO_COLOR: "1",
  CI: "1",
};
