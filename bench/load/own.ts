import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { cpuOf, groupOf } from "../../test/kit/cpu.ts";
import type { CreatedBroadcast } from "../../test/kit/created.ts";
import type { Desk } from "../../test/kit/desk.ts";
import type { Counts } from "./counted.ts";
import type { Call } from "./host.ts";
import { memoryOf } from "./memory.ts";
import type { Staged } from "./stage.ts";

/** A relay that the tool started. It is a process group apart from the load generator's, so that CPU is measured separately. */
export interface Own extends Desk {
  /** The listeners' URLs: one for each isolate of the edge. */
  readonly edges: readonly string[];
  /** Whether isolates report to the relay's Audience. Edges in separate runtimes have a stub in its place. */
  readonly hasAudience: boolean;
  /** The folder in which its runtime stores its Durable Objects. */
  readonly persist: string;
  /** CPU time that its runtime (all its workerd processes) has used so far, ms. */
  cpu(): number;
  /** Resident memory of its runtime, bytes. */
  memory(): number;
  /** CPU time of all its processes, the SFU stand-in included, ms. */
  groupCpu(): number;
  /** Requests that have reached its objects so far. */
  counts(): Promise<Counts>;
  stop(): Promise<void>;
}

const READY_MS = 60_000;

/** @param isolates the number of edges in front of the origin, each in its own runtime; 0 for the whole deploy in one isolate */
export async function startLocalRelay(isolates: number): Promise<Own> {
  const child = fork(join(import.meta.dirname, "stage.ts"), [String(isolates)], { detached: true });
  const staged = await replyOf<Staged>(child);
  const runtimes = groupOf(child.pid ?? 0).filter(({ name }) => name === "workerd");
  if (runtimes.length !== 1 + isolates)
    throw new Error("The relay answers, but its runtime is not to be found.");
  const cpu = () => runtimes.reduce((sum, { pid }) => sum + cpuOf(pid), 0);
  const memory = () => runtimes.reduce((sum, { pid }) => sum + memoryOf(pid), 0);
  const groupCpu = () => groupOf(child.pid ?? 0).reduce((sum, { pid }) => sum + cpuOf(pid), 0);
  const counts = async () => (await (await fetch(staged.countsUrl)).json()) as Counts;
  return { ...staged, hasAudience: isolates === 0, cpu, memory, groupCpu, counts, stop: () => endOf(child) };
}

/**
 * Starts a host for each show, all in one process. Resolves when all hosts are heard.
 *
 * @param program the script that the process runs, relative to this folder
 */
export async function startHosts(
  shows: readonly Pick<CreatedBroadcast, "whipUrl" | "hostKey">[],
  program = "host.ts",
): Promise<{ stop(): Promise<void> }> {
  const child = fork(join(import.meta.dirname, program), { detached: true });
  for (const { whipUrl, hostKey } of shows) {
    child.send({ whipUrl, hostKey } satisfies Call);
    await replyOf<string>(child);
  }
  return { stop: () => endOf(child) };
}

/** Resolves with the child's next message. */
export function replyOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("A process of the bench does not answer.")), READY_MS);
    child.once("message", (message) => {
      clearTimeout(timer);
      child.removeAllListeners("exit");
      resolve(message as T);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`A process of the bench ended with exit code ${code}.`));
    });
  });
}

/** Closes the channel, on which the child ends, and resolves when it has ended. */
export function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || !child.connected) return resolve();
    child.once("exit", () => resolve());
    child.disconnect();
  });
}
