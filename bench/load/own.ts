import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { cpuOf, groupOf } from "../../test/kit/cpu.ts";
import type { Created } from "../../test/kit/created.ts";
import type { Desk } from "../../test/kit/desk.ts";
import type { Counts } from "./counted.ts";
import type { Call } from "./host.ts";
import { memoryOf } from "./memory.ts";
import type { Staged } from "./stage.ts";

/** A relay of the tool's own: a process group apart from the generator's, so that their CPU can be told apart. */
export interface Own extends Desk {
  /** Where listeners go: one URL for each isolate of the edge. */
  readonly edges: readonly string[];
  /** Whether isolates report to the relay's own Audience: edges in runtimes of their own have a stub in its place. */
  readonly hasAudience: boolean;
  /** The folder in which its runtime keeps its objects. */
  readonly persist: string;
  /** CPU time that its runtime (all its workerd processes) has taken so far, ms. */
  cpu(): number;
  /** Resident memory of its runtime, bytes. */
  memory(): number;
  /** CPU time of all its processes: the stand-in for the SFU too. */
  groupCpu(): number;
  /** What has reached its objects so far. */
  counts(): Promise<Counts>;
  stop(): Promise<void>;
}

const READY_MS = 60_000;

/** @param isolates edges before the origin, each in a runtime of its own; 0 for the whole deploy in one isolate */
export async function startOwn(isolates: number): Promise<Own> {
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
 * Starts a host for each show, in one process; resolves when all of them are heard.
 *
 * @param program what hosts are to run, from this folder
 */
export async function startHosts(
  shows: readonly Pick<Created, "whipUrl" | "hostKey">[],
  program = "host.ts",
): Promise<{ stop(): Promise<void> }> {
  const child = fork(join(import.meta.dirname, program), { detached: true });
  for (const { whipUrl, hostKey } of shows) {
    child.send({ whipUrl, hostKey } satisfies Call);
    await replyOf<string>(child);
  }
  return { stop: () => endOf(child) };
}

/** The child's next message. */
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

/** It ends by itself when the channel closes. */
export function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || !child.connected) return resolve();
    child.once("exit", () => resolve());
    child.disconnect();
  });
}
