import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What keeps the relay from starting or running, as one sentence for people. */
export class StartFailure extends Error {}

export interface RuntimeOptions {
  readonly host: string;
  readonly port: number;
  /** Absolute paths: where the Worker's storage lies, and the file of its variables. */
  readonly persist: string;
  readonly envFile: string;
  /** Gets each line that the runtime prints. */
  readonly log: (line: string) => void;
}

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const READY_MS = 60_000;
const STOP_MS = 5_000;

/** The Worker in the real runtime. Owns a process group: wrangler and all that it starts. */
export class Runtime {
  /** Rejects with a {@link StartFailure} when the runtime ends without having been asked to; never resolves. */
  readonly failed: Promise<never>;
  private readonly child: ChildProcess;
  /** How the group's leader ended, once it has. */
  private readonly exited: Promise<string>;
  private ended = false;
  private stopping = false;
  /** From the first sign of trouble with the build on, what was printed. */
  private readonly trouble: string[] = [];

  constructor(options: RuntimeOptions) {
    this.child = run(options, (line) => {
      if (line.includes("Build failed") || this.trouble.length > 0) this.trouble.push(line);
      options.log(line);
    });
    this.exited = new Promise((resolve) => {
      this.child.once("exit", (code, signal) => {
        this.ended = true;
        resolve(signal ?? `exit code ${code}`);
      });
    });
    this.failed = this.exited.then((how) => {
      // Never settled when it was asked to end: there is no failure then, nor will there be one.
      if (this.stopping) return new Promise<never>(() => {});
      // Its leader has gone, but those it started may live on and hold the port.
      this.kill();
      throw new StartFailure(`The runtime ended by itself (${how}); run with LOG=1 to see why.`);
    });
    this.failed.catch(() => {}); // not everybody who starts a runtime watches it
  }

  /** The leader's process id. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves when the Worker itself answers at `url`: 401 is its own, so it has started and knows its token. */
  async ready(url: string, signal?: AbortSignal): Promise<void> {
    for (const deadline = Date.now() + READY_MS; Date.now() < deadline; ) {
      signal?.throwIfAborted();
      if (this.ended) await this.failed;
      if (this.trouble.length > 0)
        throw new StartFailure(`The Worker could not be built. ${this.trouble.join("\n")}`);
      const timeout = AbortSignal.timeout(2_000);
      const status = await fetch(url, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout }).then(
        (response) => response.status,
        () => 0,
      );
      if (status === 401) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new StartFailure(
      `The runtime was not ready within ${READY_MS / 1000} s; run with LOG=1 to see why.`,
    );
  }

  /** Ends the process group: asked first, then made to. Resolves when its leader is gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.signal("SIGINT");
    const timer = setTimeout(() => this.kill(), STOP_MS);
    await this.exited;
    clearTimeout(timer);
    this.kill(); // the leader may have gone before those it started
  }

  /** Ends the process group at once. */
  kill(): void {
    this.signal("SIGKILL");
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      // ESRCH: the whole group has ended already, which is what was wanted.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function run({ host, port, persist, envFile }: RuntimeOptions, log: (line: string) => void): ChildProcess {
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
