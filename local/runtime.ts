import { type ChildProcess, spawnSync } from "node:child_process";
import { type Leader, type LeaderOptions, startLeader } from "./leader.ts";
import type { Failed } from "./workerd.ts";

/** What keeps the relay from starting or running, as one sentence for people. */
export class StartFailure extends Error {}

export interface RuntimeOptions extends LeaderOptions {
  /** Gets each line that the runtime prints. */
  readonly log: (line: string) => void;
}

const READY_MS = 60_000;
const STOP_MS = 5_000;

/** The Worker in the real runtime. Owns a process group: its leader (workerd.ts, or wrangler) and all that it starts. */
export class Runtime {
  /** Rejects with a {@link StartFailure} when the runtime ends without having been asked to; never resolves. */
  readonly failed: Promise<never>;
  readonly #leader: Leader;
  /** How the group's leader ended, once it has. */
  readonly #exited: Promise<string>;
  #ended = false;
  #stopping = false;
  /** Why it can not run, where its leader has said so. */
  #told: string | null = null;
  /** From the first sign of trouble with the build on, what was printed. */
  readonly #trouble: string[] = [];

  constructor(options: RuntimeOptions) {
    this.#leader = startLeader(options);
    const { child } = this.#leader;
    readLines(child, (line) => {
      if (line.includes("Build failed") || this.#trouble.length > 0) this.#trouble.push(line);
      options.log(line);
    });
    child.on("message", ({ failed }: Failed) => {
      this.#told = failed;
    });
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#ended = true;
        resolve(signal ?? `exit code ${code}`);
      });
    });
    this.failed = this.#exited.then((how) => {
      // Never settled when it was asked to end: there is no failure then, nor will there be one.
      if (this.#stopping) return new Promise<never>(() => {});
      // Its leader has gone, but those it started may live on and hold the port.
      this.kill();
      throw new StartFailure(
        this.#told ?? `The runtime ended by itself (${how}); run with LOG=1 to see why.`,
      );
    });
    this.failed.catch(() => {}); // not everybody who starts a runtime watches it
  }

  /** The leader's process id. */
  get pid(): number {
    return this.#leader.child.pid ?? 0;
  }

  /** Resolves when the Worker itself answers at `url`: 401 is its own, so it has started and knows its token. */
  async ready(url: string, signal?: AbortSignal): Promise<void> {
    for (const deadline = Date.now() + READY_MS; Date.now() < deadline; ) {
      signal?.throwIfAborted();
      if (this.#ended) await this.failed;
      if (this.#trouble.length > 0)
        throw new StartFailure(`The Worker could not be built. ${this.#trouble.join("\n")}`);
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

  /** Ends the process group: its leader is asked first, then all are made to. Resolves when the leader is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#leader.ask();
    const timer = setTimeout(() => this.kill(), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
    this.kill(); // the leader may have gone before those it started
  }

  /** Ends the process group at once. */
  kill(): void {
    this.#leader.forget();
    if (this.pid !== 0) endGroup(this.pid);
  }
}

/** Ends a process group, or on Windows, which has none, a process and those it has started. */
function endGroup(leader: number): void {
  if (process.platform === "win32") {
    spawnSync("taskkill", ["/pid", String(leader), "/t", "/f"], { stdio: "ignore" });
    return;
  }
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // ESRCH: the whole group has ended already, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function readLines(child: ChildProcess, log: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") log(line);
    });
  }
}
