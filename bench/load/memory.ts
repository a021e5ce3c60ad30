import { readFileSync } from "node:fs";

/** Resident memory of one process, bytes (proc(5): VmRSS). Throws where it has gone. */
export function memoryOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error(`Process ${pid} has no memory any more.`);
  return 1024 * Number(kilobytes);
}
