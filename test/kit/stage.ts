import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Changes, HostChanges, HostDescription } from "../../src/broadcast-api.ts";
import type { Latency } from "../../src/media.ts";
import type { CreatedBroadcast } from "./created.ts";
import {
  changeHost,
  changeShow,
  endShow,
  listingOf,
  makeHost,
  makeShow,
  openDoors,
  rotateHost,
} from "./desk.ts";

/** A relay for one test file: the real runtime, with fresh storage and free ports. */
export interface Stage {
  readonly url: string;
  /** Where the bucket is served beside the relay; null where it is not. */
  readonly lifeboat: string | null;
  /** A folder that is deleted with the stage. */
  readonly folder: string;
  /**
   * Creates a broadcast whose own host's sound is not levelled: tests recognise their tones by the loudness at which they were
   * sent.
   */
  create(latency: Latency, details?: Changes): Promise<CreatedBroadcast>;
  /** Makes a host with a name and a key of its own, or changes a host. */
  makeHost(show: CreatedBroadcast, settings: HostChanges): Promise<HostDescription>;
  changeHost(show: CreatedBroadcast, hostId: string, changes: HostChanges): Promise<HostDescription>;
  /** Replaces a host's key. */
  rotateHost(show: CreatedBroadcast, hostId: string): Promise<HostDescription>;
  /** Opens the doors before there is a host. */
  open(show: CreatedBroadcast): Promise<void>;
  change(show: CreatedBroadcast, details: Changes): Promise<void>;
  end(show: CreatedBroadcast): Promise<void>;
  /** The public state of the show (status.json). */
  status(show: CreatedBroadcast): Promise<{ state: string; hosts: number }>;
  /** How long after its last sample each of the last parts was listed, as the Broadcast reports it, ms. */
  listing(show: CreatedBroadcast): Promise<{ p50: number; p99: number; max: number }>;
  /** The longest time for which the media server's process was kept from running since {@link Stage.settle}, ms. */
  stalled(): number;
  /**
   * Restarts {@link Stage.stalled}. Call it once all are connected: accepting them took time (certificates are made in that
   * process).
   */
  settle(): void;
  stop(): Promise<void>;
}

/**
 * Sets up the stage. What the relay prints is shown only in the error of a call that failed. With `lifeboat` the bucket is
 * served beside the relay, and pages continue with that where the relay fails.
 */
export async function setStage({ lifeboat = false } = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "earshot-test-"));
  const printed: string[] = [];
  const relay = await startRelayProcess(join(folder, "state"), lifeboat, printed);
  const asked = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: Error) => {
      throw new Error(`${error.message}\n${printed.slice(-20).join("\n")}`);
    });
  return {
    url: relay.url,
    lifeboat: relay.lifeboat,
    folder,
    create: async (latency, details) => {
      const show = await asked(makeShow(relay, latency, details));
      await asked(changeHost(relay, show, "host", { level: false }));
      return show;
    },
    makeHost: (show, settings) => asked(makeHost(relay, show, settings)),
    rotateHost: (show, hostId) => asked(rotateHost(relay, show, hostId)),
    changeHost: (show, hostId, changes) => asked(changeHost(relay, show, hostId, changes)),
    open: (show) => asked(openDoors(relay, show)),
    change: (show, details) => asked(changeShow(relay, show, details)),
    end: (show) => asked(endShow(relay, show)),
    status: async (show) => (await fetch(show.statusUrl)).json() as Promise<{ state: string; hosts: number }>,
    listing: (show) => asked(listingOf(relay, show)),
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
  readonly lifeboat: string | null;
  readonly adminToken: string;
  /** The process of the runtime. */
  readonly pid: number;
  stalled(): number;
  settle(): void;
  stop(): Promise<void>;
}

type Message =
  | { readonly line: string }
  | { readonly stalled: number }
  | Pick<RelayProcess, "url" | "lifeboat" | "adminToken" | "pid">;

function startRelayProcess(persist: string, lifeboat: boolean, printed: string[]): Promise<RelayProcess> {
  const parameters = lifeboat ? [persist, "lifeboat"] : [persist];
  const child = fork(new URL("relay-process.ts", import.meta.url), parameters, { execArgv: [] });
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
