import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Latency } from "../../src/media.ts";
import type { Created } from "../kit/created.ts";
import { variantOf } from "../kit/list.ts";
import type { Stage } from "../kit/stage.ts";

/** A show on the air: a broadcast, and a publisher that sends the measuring signal into it. */
export interface OnAir {
  readonly show: Created;
  /** When the loop's first sample was taken, ms since 1970; the loop is read in real time from there on. */
  readonly startedAt: number;
  /** Returns the longest time for which the machine has kept the publisher's process from running, ms. */
  stalled(): number;
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
  return { show, startedAt, stalled: () => stalled, silence };
}

function begun(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("message", ({ startedAt }: { startedAt: number }) => resolve(startedAt));
    child.once("exit", (code) => reject(new Error(`the publisher ended (${code})`)));
  });
}

async function playlist(playbackUrl: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const response = await fetch(playbackUrl);
    const uri = variantOf(await response.text());
    if (response.ok && uri !== "" && (await fetch(new URL(uri, playbackUrl))).ok) return;
    if (Date.now() > deadline) throw new Error(`no playlist at ${playbackUrl}: ${response.status}`);
    await sleep(250);
  }
}
