import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { CreatedBroadcast } from "../kit/created.ts";
import { type Desk, hostsOf } from "../kit/desk.ts";
import { Listener } from "../kit/listener.ts";

/** How long the show is still watched after a command has ended, ms. */
const AFTERMATH_MS = 20_000;
/** How long after its last sample a part may be listed, ms. */
const LATEST_MS = 2_000;
/** For how long the host may not be heard, ms: a new version takes it up from the SFU within some seconds. */
const UNHEARD_MS = 10_000;

/**
 * Watches a show's only host. A host that is heard without a break has had one Broadcast, because its sockets end with the
 * object.
 */
export async function stayOn(desk: Desk, show: CreatedBroadcast, millis: number): Promise<string> {
  const before = await standing(desk, show);
  if (!before.startsWith("heard")) throw new Error(`the host is ${before || "not on"}`);
  for (const end = Date.now() + millis; Date.now() < end; await sleep(10_000)) {
    const now = await standing(desk, show);
    if (now !== before) throw new Error(`the host was ${before} and is ${now || "gone"}`);
  }
  return before;
}

/**
 * Listens part by part while a command runs and after it: every part comes and is served, in one epoch, and none long after it is
 * due; and the host, who does nothing, is heard again soon.
 */
export async function endure(
  desk: Desk,
  listener: Listener,
  show: CreatedBroadcast,
  command: string,
): Promise<string> {
  const child = spawn(command, { shell: true, stdio: ["ignore", "inherit", "inherit"] });
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let until = Number.POSITIVE_INFINITY;
  void code.then(() => {
    until = Date.now() + AFTERMATH_MS;
  });
  const isOver = () => Date.now() >= until;
  const [heard, unheard] = await Promise.all([listen(listener, isOver), watchHost(desk, show, isOver)]);
  if ((await code) !== 0) throw new Error(`the command ended with exit code ${await code}`);
  const { epoch } = await Listener.join(show.playbackUrl);
  if (epoch !== listener.epoch) throw new Error("the show began anew");
  if (heard.latest > LATEST_MS)
    throw new Error(`a part was listed ${Math.round(heard.latest)} ms after its last sample`);
  if (unheard > UNHEARD_MS) throw new Error(`the host was not heard for ${unheard} ms`);
  return `${heard.parts} parts, the latest listed ${Math.round(heard.latest)} ms after its last sample; the host was not heard for ${unheard} ms at most`;
}

/** Fetches every part as it is listed. */
async function listen(
  listener: Listener,
  isOver: () => boolean,
): Promise<{ readonly parts: number; readonly latest: number }> {
  let list = await listener.list();
  let latest = 0;
  let parts = 0;
  while (!isOver()) {
    const last = list.parts.at(-1);
    if (last === undefined) throw new Error("the list has no parts");
    list = await listener.list(`_HLS_msn=${last.msn}&_HLS_part=${last.index + 1}`);
    for (const part of list.parts.filter(({ date }) => date > last.date)) {
      parts++;
      latest = Math.max(latest, list.readAt - part.date - 1000 * part.duration);
      if ((await listener.bytes(part.name)).length === 0) throw new Error(`${part.name} is empty`);
    }
  }
  return { parts, latest };
}

/** Returns for how long, at most, the show's only host was not heard, ms. Asks once a second. */
async function watchHost(desk: Desk, show: CreatedBroadcast, isOver: () => boolean): Promise<number> {
  let heardAt = Date.now();
  let longest = 0;
  for (; !isOver(); await sleep(1_000)) {
    // A relay that does not answer has not heard it either.
    const hosts = await hostsOf(desk, show).catch(() => []);
    if (hosts.some(({ heard }) => heard)) heardAt = Date.now();
    else longest = Math.max(longest, Date.now() - heardAt);
  }
  return longest;
}

/** Returns the state of each host, and since when. */
async function standing(desk: Desk, show: CreatedBroadcast): Promise<string> {
  const hosts = await hostsOf(desk, show);
  return hosts.map(({ state, since }) => `${state} since ${new Date(since).toISOString()}`).join();
}
