import { spawn } from "node:child_process";

const READY_MS = 60_000;

/** A program that a test has started. */
export interface Program {
  /** Resolves to the first match in the program's stderr. Rejects when there is none within a minute. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  kill(): Promise<void>;
}

/** Starts a program in a process group of its own; `debian` is the Debian package that has it. */
export function start(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  debian: string,
): Program {
  const child = spawn(name, args, { stdio: ["ignore", "ignore", "pipe"], detached: true, env });
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  let printed = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  return {
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(printed);
          if (found === null) return;
          clearTimeout(timer);
          resolve(found);
        };
        const timer = setTimeout(() => reject(new Error(`${name} is not ready. ${printed}`)), READY_MS);
        child.stderr.on("data", look);
        child.once("error", (error: NodeJS.ErrnoException) => {
          clearTimeout(timer);
          const missing = `These tests need ${name}: install it (Debian: apt-get install ${debian}).`;
          reject(error.code === "ENOENT" ? new Error(missing) : error);
        });
        look();
      }),
    kill: async () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
      await gone;
    },
  };
}
