import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Clock ticks a second, the unit of the times in proc(5). */
const TICKS = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** User and system time of one process, ms (proc(5): fields 14 and 15); 0 where the process has ended. */
export function cpuOf(pid: number): number {
  const stat = statOf(pid);
  return stat === null ? 0 : ((Number(stat[11]) + Number(stat[12])) * 1000) / TICKS;
}

/** The time that all cores of the machine together have been busy, ms. */
export function machineBusy(): number {
  const spent = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return spent.reduce((sum, millis) => sum + millis, 0);
}

/** The processes of a process group: pid and command name. */
export function groupOf(group: number): { readonly pid: number; readonly name: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && statOf(Number(name))?.[2] === String(group))
    .map((pid) => ({ pid: Number(pid), name: commandOf(Number(pid)) }));
}

/** The fields of /proc/PID/stat after the command's name. */
function statOf(pid: number): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
  } catch {
    return null;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}
