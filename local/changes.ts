import { watch } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** How long an editor may take to write a file, ms: it may do so in several steps. */
const WRITING_MS = 300;

/**
 * Resolves with the name of the first file of this folder that changes from now on. Only the runner and the SFU stand-in are in
 * it: `wrangler dev` watches the Worker and the pages.
 */
export async function firstChange(signal: AbortSignal): Promise<string> {
  for await (const { filename } of watch(import.meta.dirname, { recursive: true, signal })) {
    if (filename === null || !filename.endsWith(".ts")) continue;
    await sleep(WRITING_MS);
    return `local/${filename}`;
  }
  throw signal.reason;
}
