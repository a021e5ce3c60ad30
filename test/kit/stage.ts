import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Latency } from "../../src/media.ts";

/** A broadcast, as the API describes it. */
export interface Show {
  readonly id: string;
  readonly whipUrl: string;
  readonly hostKey: string;
  readonly playbackUrl: string;
  readonly listenUrl: string;
  readonly studioUrl: string;
  readonly statusUrl: string;
}

/** A relay of this test file's own: the real runtime, fresh storage, free ports. */
export interface Stage {
  readonly url: string;
  /** A folder that goes when the stage does. */
  readonly folder: string;
  create(latency: Latency, title?: string): Promise<Show>;
  /** Opens the doors before there is a host. */
  open(show: Show): Promise<void>;
  end(show: Show): Promise<void>;
  /** Public state of the show (status.json). */
  status(show: Show): Promise<{ state: string; hosts: number }>;
  /** How long after its last sample each of the last parts was listed, by the Broadcast's own account, ms. */
  listing(show: Show): Promise<{ p50: number; p99: number; max: number }>;
  /** The longest the media server's process was kept from running since {@link Stage.settle}, ms. */
  stalled(): number;
  /** Everybody is connected: what accepting them took (certificates are made in its process) no longer counts. */
  settle(): void;
  stop(): Promise<void>;
}

/** Sets it up; what the relay prints is shown only in the error of a call that failed. */
export async function setStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "earshot-test-"));
  const printed: string[] = [];
  const relay = await startRelayProcess(join(folder, "state"), printed);
  const admin = async (path: string, body: object) => {
    const response = await fetch(`${relay.url}${path}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${relay.adminToken}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`${path}: ${response.status} ${text}\n${printed.slice(-20).join("\n")}`);
    return JSON.parse(text) as Show;
  };
  return {
    url: relay.url,
    folder,
    create: (latency, title = `A ${latency} show`) => admin("/api/broadcasts", { title, latency }),
    open: async (show) => {
      await admin(`/api/broadcasts/${show.id}/open`, {});
    },
    end: async (show) => {
      await admin(`/api/broadcasts/${show.id}/end`, {});
    },
    status: async (show) => (await fetch(show.statusUrl)).json() as Promise<{ state: string; hosts: number }>,
    listing: async (show) => {
      const headers = { Authorization: `Bearer ${relay.adminToken}` };
      const response = await fetch(`${relay.url}/api/broadcasts/${show.id}`, { headers });
      return ((await response.json()) as { listingMs: { p50: number; p99: number; max: number } }).listingMs;
    },
    stalled: relay.stalled,
    settle: relay.settle,
    stop: async () => {
      await relay.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface RelayProcess {
  readonly url: string;
  readonly adminToken: string;
  /** The runtime's process. */
  readonly pid: number;
  stalled(): number;
  settle(): void;
  stop(): Promise<void>;
}

type Message =
  | { readonly line: string }
  | { readonly stalled: number }
  | { readonly url: string; readonly adminToken: string; readonly pid: number };

function startRelayProcess(persist: string, printed: string[]): Promise<RelayProcess> {
  const child = fork(new URL("relay-process.ts", import.meta.url), [persist], { execArgv: [] });
  const stop = async () => {
    const gone = once(child, "exit");
    child.disconnect();
    await gone;
  };
  let stalled = 0;
  const settle = () => {
    child.send("settle");
    stalled = 0;
  };
  return new Promise((resolve, reject) => {
    child.on("message", (message: Message) => {
      if ("line" in message) printed.push(message.line);
      else if ("stalled" in message) stalled = message.stalled;
      else resolve({ ...message, stalled: () => stalled, settle, stop });
    });
    child.once("exit", (code) => reject(new Error(`The relay ended (${code}).\n${printed.join("\n")}`)));
  });
}
