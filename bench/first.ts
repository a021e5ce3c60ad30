import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { publish } from "../local/host/publisher.ts";
import { startRelay } from "../local/relay.ts";
import type { Latency } from "../src/media.ts";
import type { CreatedBroadcast } from "../test/kit/created.ts";
import { type Desk, makeShow, openDoors, removeShow } from "../test/kit/desk.ts";
import { variantOf } from "../test/kit/list.ts";
import { type Media, readList } from "./load/list.ts";
import { now } from "./load/listener.ts";

/** `npm run bench:first`: measures the time from a host's POST until a listener has the first part with the host's sound. */

const ROUNDS = 8;
/** A part above this size, bytes, has at least 0.1 s of sound: a silent access unit has some 6 bytes, one with sound some 340. */
const SOUND_BYTES = 2_000;

/** The delays of a show's first sound, ms, in order of time. */
interface Way {
  /** From the POST until SDP, ICE and DTLS are complete. */
  readonly connecting: number;
  /** Until the SFU has dialled the Broadcast and its first message has arrived. */
  readonly dialling: number;
  /** Until the part with the sound is full. It depends on the position in a part at which the host comes in. */
  readonly filling: number;
  /** Until the part is fetched: playout delay, encoder delay, playlist, fetch. */
  readonly fetching: number;
}

const relay = await startRelay({ persist: join(tmpdir(), `earshot-bench-${process.pid}`) });
try {
  for (const latency of ["low", "balanced"] as const) {
    for (const [who, areOpen] of [
      ["a host opens the doors", false],
      ["the doors are open", true],
    ] as const) {
      const ways: Way[] = [];
      for (let round = 0; round < ROUNDS; round++) ways.push(await follow(relay, latency, areOpen));
      print(`${latency}, ${who}`, ways);
    }
  }
} finally {
  await relay.stop();
}

async function follow(desk: Desk, latency: Latency, areOpen: boolean): Promise<Way> {
  const show = await makeShow(desk, latency);
  if (areOpen) {
    await openDoors(desk, show);
    // So each host comes in at another position in a part.
    await sleep(1_000 + 640 * Math.random());
  }
  const posted = now();
  let connected = Number.NaN;
  let n = 0;
  const tone = () => 8_000 * Math.sin((2 * Math.PI * 300 * (n++ >> 1)) / 48_000);
  const publishing = publish({
    url: show.whipUrl,
    key: show.hostKey,
    source: (frames) => Int16Array.from({ length: 2 * frames }, tone),
  });
  void publishing.then(() => {
    connected = now();
  });
  try {
    const { part, fetched } = await firstSound(await listOf(desk, show));
    const heard = await heardSince(desk, show);
    const full = part.at + part.duration;
    return {
      connecting: connected - posted,
      dialling: heard - connected,
      filling: full - heard,
      fetching: fetched - full,
    };
  } finally {
    await (await publishing).close();
    await removeShow(desk, show);
  }
}

/** Reloads a live playlist as a player does, until a part contains sound. */
async function firstSound(url: URL): Promise<{ part: Media; fetched: number }> {
  let list = readList(await textOf(url));
  let last = list.media.at(-1);
  for (;;) {
    if (list.reload === null) throw new Error("the list offers no blocking reload");
    list = readList(await textOf(new URL(`${url}&${list.reload}`)));
    const fresh = list.media.filter(({ at }) => last === undefined || at > last.at);
    for (const part of fresh) {
      const { byteLength } = await (await fetch(new URL(part.name, url))).arrayBuffer();
      if (byteLength > SOUND_BYTES) return { part, fetched: now() };
    }
    last = list.media.at(-1);
  }
}

/** Returns the media playlist's URL once the show has one. A request before that may be refused for a second. */
async function listOf(desk: Desk, show: CreatedBroadcast): Promise<URL> {
  while ((await stateOf(desk, show)).state === "announced") await sleep(10);
  const text = await textOf(new URL(show.playbackUrl));
  return new URL(variantOf(text), show.playbackUrl);
}

/** Returns when the Broadcast received the host's first message, ms since 1970. */
async function heardSince(desk: Desk, show: CreatedBroadcast): Promise<number> {
  const { hosts } = await stateOf(desk, show);
  const [host] = hosts;
  if (host?.state !== "heard") throw new Error("its sound is there, and the host is not heard");
  return host.since;
}

async function stateOf(desk: Desk, { id }: CreatedBroadcast) {
  const headers = { authorization: `Bearer ${desk.adminToken}` };
  const response = await fetch(`${desk.url}/api/broadcasts/${id}`, { headers });
  return (await response.json()) as { state: string; hosts: { state: string; since: number }[] };
}

async function textOf(url: URL): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} was answered ${response.status}`);
  return response.text();
}

function print(title: string, ways: readonly Way[]): void {
  console.log(`First sound, ${title}, ms: mean (least to most, n=${ways.length})`);
  const row = (name: string, read: (way: Way) => number) => {
    const values = ways.map(read);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [least, most] = [Math.min(...values), Math.max(...values)];
    console.log(`  ${name.padEnd(50)} ${mean.toFixed(0)}  (${least.toFixed(0)} to ${most.toFixed(0)})`);
  };
  row("POST to connected (SDP, ICE, DTLS)", ({ connecting }) => connecting);
  row("to the first message (SFU's adapter, socket)", ({ dialling }) => dialling);
  row("to the end of the part", ({ filling }) => filling);
  row("to the part fetched (playout delay, encoder, list)", ({ fetching }) => fetching);
  row(
    "connected to fetched (goal: 1000)",
    ({ dialling, filling, fetching }) => dialling + filling + fetching,
  );
  console.log("");
}
