import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { startChromium } from "../kit/chromium.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT, SFU_SECRET, type Variables } from "../kit/deployed.ts";
import { Runtime } from "../kit/runtime.ts";

/** The relay with faults on demand (fault-worker.ts), the SFU, and a browser for listeners. */
export interface FaultRig {
  readonly relay: Runtime;
  readonly browser: Browser;
  /** Tells the Worker to make a fault, e.g. `r2/ID/hangs`. */
  fault(what: string): Promise<void>;
  /** Returns the show's keys that R2 has accepted, in order. */
  puts(show: CreatedBroadcast): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * Starts a rig.
 *
 * @param browser a browser to share; null starts one
 * @param sfuApi the API of another SFU than the local stand-in; null starts the stand-in
 */
export async function startRig(
  browser: Browser | null = null,
  sfuApi: string | null = null,
): Promise<FaultRig> {
  const sfu = sfuApi === null ? await startStandIn() : null;
  const vars: Variables = { SFU_API: sfuApi ?? sfu?.url ?? "", PAGES: JSON.stringify(await pages()) };
  const worker = { ...EARSHOT, entry: "test/players/fault-worker.ts", objectsOf: EARSHOT.name, vars };
  const relay = await Runtime.start([worker], { opensStorage: true });
  const own = browser ?? (await startChromium());
  const ask = async (path: string): Promise<Response> => {
    const response = await fetch(`${relay.url}/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response;
  };
  return {
    relay,
    browser: own,
    fault: async (what) => void (await ask(`fault/${what}`)),
    puts: async ({ id }) => (await (await ask(`puts/${id}`)).json()) as string[],
    close: async () => {
      if (browser === null) await own.close();
      await relay.close();
      await sfu?.close();
    },
  };
}

async function startStandIn(): Promise<{ url: string; close(): Promise<void> }> {
  const child = fork(new URL("sfu-process.ts", import.meta.url), [SFU_SECRET], { execArgv: [] });
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  const close = async () => {
    const gone = once(child, "exit");
    child.disconnect();
    await gone;
  };
  return { url, close };
}

const WEB = new URL("../../dist/web/", import.meta.url);

/** Returns the built pages' files, by path. */
async function pages(): Promise<Record<string, string>> {
  const names = (await readdir(WEB)).filter((name) => /^listen\.|^page\.css$/.test(name));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [`/${name}`, await readFile(new URL(name, WEB), "utf8")])),
  );
}
