import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { httpOrigin } from "./address.ts";

export interface LeaderOptions {
  readonly host: string;
  readonly port: number;
  /** The port on which the bucket is served without the Worker; null: it is not. */
  readonly lifeboat: number | null;
  /** Whether `wrangler dev` leads, which builds anew what changes and takes 15 times the CPU for a request. */
  readonly dev: boolean;
  /** Absolute path: where the Worker's storage lies. */
  readonly persist: string;
  /** The Worker's variables and secrets, over those of wrangler.toml. */
  readonly variables: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, "..");

export interface Leader {
  readonly child: ChildProcess;
  /** Tells it to end, and to end what it has started. */
  ask(): void;
  /** Removes what it has left of the variables on disk. */
  forget(): void;
}

/**
 * Starts the process that runs the Worker in workerd, in a process group of its own, so that Ctrl-C comes to its starter
 * alone and the group can be ended as one.
 */
export function startLeader(options: LeaderOptions): Leader {
  return options.dev ? startWrangler(options) : startWorkerd(options);
}

function startWorkerd({ host, port, persist, lifeboat, variables }: LeaderOptions): Leader {
  const [address, ...beside] = (lifeboat === null ? [port] : [port, lifeboat]).map(
    (port) => new URL(httpOrigin(host, port)).host,
  );
  const child = start([join(import.meta.dirname, "workerd.ts"), address ?? "", persist, ...beside]);
  // Over the channel: every user sees a process's arguments. It may have been ended before it could be told.
  child.send(variables, (error) => error && child.emit("error", error));
  // By the channel and not by a signal: on Windows a signal ends it at once, and what it has started would stay.
  return { child, ask: () => child.connected && child.disconnect(), forget: () => {} };
}

/** Wrangler takes the variables from a file; this one only this user reads. */
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
  // The pages are built without the deployment's copy, which has none of this machine's shows.
  LIFEBOAT_URL: "",
  WRANGLER_LOG: "warn",
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  // Wrangler's explorer would give the whole storage to whoever says that the host is localhost, and its traces would keep
  // every URL on disk, tokens with it.
  X_LOCAL_EXPLORER: "false",
  X_LOCAL_OBSERVABILITY: "false",
  NO_COLOR: "1",
  CI: "1",
};
