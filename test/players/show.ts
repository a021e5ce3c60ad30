import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Latency } from "../../src/media.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { variantOf } from "../kit/list.ts";
import { until } from "../kit/polling.ts";
import type { Stage } from "../kit/stage.ts";

/** A show on the air: a broadcast, and a publisher that sends the measuring signal into it. */
export interface OnAir {
  readonly show: CreatedBroadcast;
  /** When the loop's first sample was taken, ms since 1970; the loop is read in real time from there on. */
  readonly startedAt: number;
  /** Returns the longest time for which the machine has kept the publisher's process from running since {@link settle}, ms. */
  stalled(): number;
  /** Restarts {@link stalled}. Call it once everything has started: that takes the machine from the publisher. */
  settle(): void;
  /** Ends the publisher without deleting its session. */
  silence(): Promise<void>;
}

/** Creates a broadcast and goes on the air. Resolves when the first playlist is there (three segments in). */
export async function goOnAir(stage: Stage, latency: Latency): Promise<OnAir> {
  const show = await stage.create(latency);
  const child = fork(new URL("publisher-process.ts", import.meta.url), [show.whipUrl, show.hostKey], {
    execArgv: [],
  });
  const startedAt = await begun(child);
  let stalled = 0;
  child.on("message", (message: { stalled: number }) => {
    stalled = message.stalled;
  });
  await playlist(show.playbackUrl);
  const silence = async () => {
    const gone = once(child, "exit");
    child.disconnect();
    await gone;
  };
  const settle = () => {
    child.send("settle");
    stalled = 0;
  };
  return { show, startedAt, stalled: () => stalled, settle, silence };
}

function begun(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("message", ({ startedAt }: { startedAt: number }) => resolve(startedAt));
    child.once("exit", (code) => reject(new Error(`the publisher ended (${code})`)));
  });
}

async function playlist(playbackUrl: string): Promise<void> {
  let status = 0;
  const isThere = async () => {
    const response = await fetch(playbackUrl);
    status = response.status;
    const uri = variantOf(await response.text());
    return response.ok && uri !== "" && (await fetch(new URL(uri, playbackUrl))).ok;
  };
  const failure = () => `no playlist at ${playbackUrl}: ${status}`;
  await until(isThere, { within: 30_000, every: 250, failure });
}
