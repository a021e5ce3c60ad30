import { fork } from "node:child_process";
import { join } from "node:path";
import { cpuOf, groupOf } from "../../test/kit/cpu.ts";
import { type Desk, openShow } from "../../test/kit/desk.ts";
import { endOf, replyOf, startHosts, startLocalRelay } from "../load/own.ts";
import { startMediaMtx } from "./mediamtx.ts";

/** A server on the air: one host publishes to it, with the same WHIP publisher for all servers. */
export interface Contender {
  readonly playbackUrl: string;
  /** The server's own page for listeners; null if it serves none, like the bare runtime. */
  readonly pageUrl: string | null;
  /** CPU time that the server has used so far, ms; of Earshot the runtime's, without the SFU stand-in's. */
  cpu(): number;
  /** The same of all processes except the measuring one. */
  groupCpu(): number;
  stop(): Promise<void>;
}

/** What the host publishes: speech, or a tone with marks with which delay is measured. */
export type Says = "speech" | "marks";

const PROGRAMS: Readonly<Record<Says, string>> = { speech: "host.ts", marks: "../peer/mouth.ts" };

/** Returns functions that start the contenders, by their names in the table. */
export function contendersOf(binary: string | null): ReadonlyMap<string, (says: Says) => Promise<Contender>> {
  const all = new Map<string, (says: Says) => Promise<Contender>>([
    ["Earshot, bare runtime", startBare],
    ["Earshot, npm start", startWhole],
  ]);
  if (binary !== null) all.set("MediaMTX", (says) => startPeer(binary, says));
  return all;
}

async function startBare(says: Says): Promise<Contender> {
  const own = await startLocalRelay(0);
  return { ...(await publishing(own, own, says)), pageUrl: null };
}

async function startWhole(says: Says): Promise<Contender> {
  const child = fork(join(import.meta.dirname, "whole.ts"), { detached: true });
  const { pid, ...desk } = await replyOf<Desk & { readonly pid: number }>(child);
  const cpu = () =>
    groupOf(pid)
      .filter(({ name }) => name === "workerd")
      .reduce((sum, runtime) => sum + cpuOf(runtime.pid), 0);
  const groupCpu = () => cpu() + cpuOf(child.pid ?? 0);
  return publishing(desk, { cpu, groupCpu, stop: () => endOf(child) }, says);
}

type Server = Omit<Contender, "playbackUrl" | "pageUrl">;

async function publishing(desk: Desk, server: Server, says: Says): Promise<Contender> {
  try {
    const show = await openShow(desk, "low");
    const hosts = await startHosts([show], PROGRAMS[says]);
    return { ...withHosts(server, hosts), playbackUrl: show.playbackUrl, pageUrl: show.listenUrl };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function startPeer(binary: string, says: Says): Promise<Contender> {
  const peer = await startMediaMtx(binary);
  const cpu = () => cpuOf(peer.pid);
  try {
    const hosts = await startHosts([{ whipUrl: peer.whipUrl, hostKey: "none" }], PROGRAMS[says]);
    return {
      ...withHosts({ cpu, groupCpu: cpu, stop: peer.stop }, hosts),
      playbackUrl: peer.playbackUrl,
      pageUrl: peer.pageUrl,
    };
  } catch (error) {
    await peer.stop();
    throw error;
  }
}

function withHosts(server: Server, hosts: { stop(): Promise<void> }) {
  const stop = async () => {
    await hosts.stop();
    await server.stop();
  };
  return { cpu: () => server.cpu(), groupCpu: () => server.groupCpu(), stop };
}
