import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startSfu } from "./server.ts";

/** The whole relay on this machine: the SFU stand-in and the Worker in the real runtime. */
export interface Relay {
  /** Where it is reached, without a slash at the end. */
  readonly url: string;
  readonly adminToken: string;
  /** The runtime's process, for those who measure it. */
  readonly pid: number;
  /** Ends every process this started; resolves when they are gone. */
  stop(): Promise<void>;
}

export interface RelayOptions {
  /** The HTTP port; 0 takes a free one. */
  readonly port?: number;
  /** The one address that is bound and advertised to publishers; this machine alone by default. */
  readonly host?: string;
  /** Where the Worker's storage lies, across restarts. */
  readonly persist: string;
  /** Minted when absent. With a `persist` that is used again, give the same ones again. */
  readonly secrets?: Secrets;
  /** The UDP ports that publishers are told of; any free ones by default. */
  readonly udpPorts?: [number, number];
  /** Gets each line that the runtime and the stand-in print. */
  readonly log?: (line: string) => void;
  /** More of the Worker's variables, over the defaults. */
  readonly vars?: Readonly<Record<string, string>>;
}

export interface Secrets {
  readonly adminToken: string;
  /** The deployment's EARSHOT_SECRET. */
  readonly secret: string;
}

/** What keeps the relay from starting, as one sentence for people. */
export class StartFailure extends Error {}

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const READY_MS = 60_000;
const STOP_MS = 5_000;

/** Starts the relay and resolves when it answers. Rejects with {@link StartFailure} where people can mend it. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const host = options.host ?? "127.0.0.1";
  const port = await freePort(options.port ?? 0, host);
  const secrets = options.secrets ?? mintSecrets();
  const log = options.log ?? (() => {});
  const appSecret = randomBytes(16).toString("hex");
  const sfu = await startSfu({
    port: 0,
    host,
    appId: "local",
    appSecret,
    log,
    ...(options.udpPorts === undefined ? {} : { udpPortRange: options.udpPorts }),
  });
  const envFile = writeVariables(options.persist, {
    ADMIN_TOKEN: secrets.adminToken,
    EARSHOT_SECRET: secrets.secret,
    SFU_API: sfu.url,
    SFU_APP_ID: "local",
    SFU_APP_SECRET: appSecret,
    ...options.vars,
  });
  const trouble: string[] = [];
  const child = runWorker({
    host,
    port,
    persist: options.persist,
    envFile,
    log: (line) => {
      if (line.includes("Build failed") || trouble.length > 0) trouble.push(line);
      log(line);
    },
  });
  const stop = async (): Promise<void> => {
    await endProcess(child);
    await sfu.close();
    rmSync(envFile, { force: true });
  };
  const url = `http://${host === "127.0.0.1" ? "localhost" : host}:${port}`;
  try {
    await untilReady(`http://${host}:${port}/api/ready`, child, trouble);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, adminToken: secrets.adminToken, pid: child.pid ?? 0, stop };
}

export function mintSecrets(): Secrets {
  return {
    adminToken: randomBytes(18).toString("base64url"),
    secret: randomBytes(24).toString("base64url"),
  };
}

/** The port asked for, if it is free; any free one for 0. */
function freePort(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? `Port ${port} is in use: stop what uses it, or start with another one (PORT=${port + 1} npm start).`
          : `${host}:${port} can not be listened on (${error.code}): is HOST an address of this machine?`;
      reject(new StartFailure(why));
    });
    probe.listen(port, host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : port));
    });
  });
}

/** Secrets go to the runtime in a file that only this user reads, not in arguments that every user sees. */
function writeVariables(persist: string, variables: Readonly<Record<string, string>>): string {
  mkdirSync(persist, { recursive: true });
  const file = join(persist, `${process.pid}-${randomBytes(4).toString("hex")}.env`);
  const lines = Object.entries(variables).map(([name, value]) => `${name}="${value}"`);
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return file;
}

function runWorker(options: {
  host: string;
  port: number;
  persist: string;
  envFile: string;
  log: (line: string) => void;
}): ChildProcess {
  const { host, port, persist, envFile, log } = options;
  const args = ["dev", "--ip", host, "--port", String(port), "--persist-to", persist, "--env-file", envFile];
  args.push("--inspector-port", "0", "--show-interactive-dev-session=false", "--log-level", "warn");
  const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  const child = spawn(process.execPath, [wrangler, ...args], {
    cwd: ROOT,
    // A group of its own, so that Ctrl-C comes to us alone and stopping ends the runtime with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      NO_COLOR: "1",
      CI: "1",
    },
  });
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") log(line);
    });
  }
  return child;
}

/** Resolves when the Worker itself answers: 401 is its own, so it has started and knows its token. */
async function untilReady(url: string, child: ChildProcess, trouble: readonly string[]): Promise<void> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; ) {
    if (child.exitCode !== null) {
      throw new StartFailure(
        `The runtime ended with exit code ${child.exitCode}; run with LOG=1 to see why.`,
      );
    }
    if (trouble.length > 0) throw new StartFailure(`The Worker could not be built. ${trouble.join("\n")}`);
    const status = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 401) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new StartFailure(`The runtime was not ready within ${READY_MS / 1000} s; run with LOG=1 to see why.`);
}

/** Ends the process group: asked first, then made to. */
async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  signalGroup(child.pid, "SIGINT");
  const timer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), STOP_MS);
  await gone;
  clearTimeout(timer);
  // The leader may have gone before those it started.
  signalGroup(child.pid, "SIGKILL");
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the whole group has ended already, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
