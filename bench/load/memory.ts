import { readFileSync } from "node:fs";

/** Returns the resident memory of a process, bytes (proc(5): VmRSS). Throws if the process has ended. */
export function memoryOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error(`Process ${pid} has no memory any more.`);
  return 1024 * Number(kilobytes);
}
