import { type ChildProcess, spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Leader, type LeaderOptions, startLeader } from "./leader.ts";
import type { Failed } from "./workerd.ts";

/** An error that keeps the relay from starting or running, as one sentence for the user. */
export class StartFailure extends Error {}

export interface RuntimeOptions extends LeaderOptions {
  /** Receives each line that the runtime prints. */
  readonly log: (line: string) => void;
}

const READY_MS = 60_000;
const STOP_MS = 5_000;

/** The Worker in the real runtime. Owns a process group: the leader (workerd.ts, or wrangler) and all processes it starts. */
export class Runtime {
  /** Rejects with a {@link StartFailure} when the runtime ends without {@link stop}; never resolves. */
  readonly failed: Promise<never>;
  readonly #leader: Leader;
  /** Resolves with the signal or exit code when the leader has ended. */
  readonly #exited: Promise<string>;
  #ended = false;
  #stopping = false;
  /** The reason why the runtime cannot run, if the leader has sent one. */
  #told: string | null = null;
  /** The lines printed since the first sign of a failed build. */
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
      // After stop() the promise never settles, because an end that was asked for is no failure.
      if (this.#stopping) return new Promise<never>(() => {});
      // The leader is gone, but processes that it started may live on and keep the port.
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

  /** Resolves when the Worker answers at `url`. Only the Worker answers 401, so it has started and has its admin token. */
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
      await sleep(100);
    }
    throw new StartFailure(
      `The runtime was not ready within ${READY_MS / 1000} s; run with LOG=1 to see why.`,
    );
  }

  /** Ends the process group: asks the leader first, then kills what is left. Resolves when the leader is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#leader.ask();
    const timer = setTimeout(() => this.kill(), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
    this.kill(); // the leader may have gone before those it started
  }

  /** Kills the process group at once. */
  kill(): void {
    this.#leader.forget();
    if (this.pid !== 0) endGroup(this.pid);
  }
}

/** Kills a process group; on Windows, which has none, a process and its descendants. */
function endGroup(leader: number): void {
  if (process.platform === "win32") {
    spawnSync("taskkill", ["/pid", String(leader), "/t", "/f"], { stdio: "ignore" });
    return;
  }
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // ESRCH: the whole group has ended already, as intended.
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
