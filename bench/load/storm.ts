import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Agent, request } from "undici";
import { makeShow, removeShow } from "../../test/kit/desk.ts";
import { uniforms } from "../../test/kit/random.ts";
import { type Own, startHosts, startLocalRelay } from "./own.ts";
import { take } from "./turn.ts";

/** `npm run storm`: all listeners join as the doors open, all leave at once, and then clients request what does not exist. */

const USAGE = `npm run storm -- [options]

A relay of its own, on this machine. A few listen to a show; then all come to another, whose doors their first one opens;
all of them leave in one instant and ask for the status; last, four times as many ask for broadcasts that do not exist and
for the show with queries of their own. It prints what the Broadcast objects were asked for meanwhile.

  --listeners N   how many come (default 300)
  --ramp S        seconds in which they come (default 60)
  --stay S        seconds that all of them stay after that (default 20)
  --help          this text

The exit code is 1 where a listener could not join or stalled, where a Broadcast got over four requests more in the
busiest second of a storm than in the busiest second with five listeners, or where strangers made an object.`;

/** Reads that are cached for a second, by kind: playlists without directives, multivariant playlists, statuses, refusals. */
const KEPT_FOR_A_SECOND = 4;
const FEW = 5;
const FEW_SECONDS = 15;
/** How many requests of strangers there are for each listener. */
const STRANGERS = 4;
const CONNECTIONS = 50;

interface Phase {
  readonly name: string;
  readonly seconds: number;
  readonly requests: number;
  /** Calls to Broadcast objects: in total, and in the busiest second. */
  readonly calls: number;
  readonly busiest: number;
  readonly complaints: readonly string[];
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === "string") {
    (options === USAGE ? console.log : console.error)(options);
    return options === USAGE ? 0 : 2;
  }
  const own = await startLocalRelay(0);
  try {
    const { phases, objects, madeObjects } = await storm(own, options);
    console.log(table(phases));
    console.log(`Broadcast objects: ${objects}, and ${madeObjects} more after the strangers.`);
    // One for each show. Another number means that they are stored elsewhere, or that listeners created some.
    if (objects !== 2) throw new Error(`The runtime has ${objects} Broadcast objects of two shows.`);
    const most = (phases[0]?.busiest ?? 0) + KEPT_FOR_A_SECOND;
    const problems = [
      ...phases.flatMap(({ complaints }) => complaints),
      ...phases
        .filter(({ busiest }) => busiest > most)
        .map(({ name, busiest }) => `${name}: ${busiest} calls in the busiest second, at most ${most}.`),
      ...(madeObjects > 0 ? [`Strangers made ${madeObjects} Broadcast objects.`] : []),
    ];
    console.log(problems.length === 0 ? "The Broadcast noticed none of them." : problems.join("\n"));
    return problems.length === 0 ? 0 : 1;
  } finally {
    await own.stop();
  }
}

interface Options {
  readonly listeners: number;
  readonly ramp: number;
  readonly stay: number;
}

async function storm(own: Own, { listeners, ramp, stay }: Options) {
  const shows = [await makeShow(own, "balanced"), await makeShow(own, "balanced")] as const;
  const [calm, busy] = shows;
  const first = await startHosts([calm]);
  const few = await phase("a few listen", own, () =>
    crowd(own, calm.playbackUrl, FEW, 1, FEW_SECONDS),
  ).finally(first.stop);
  // The first listener opens the doors, and the host goes on the air meanwhile.
  const hosts = startHosts([busy]);
  // Awaited once all listeners have joined.
  hosts.catch(() => {});
  try {
    const come = await phase("all come as the doors open", own, () =>
      crowd(own, busy.playbackUrl, listeners, ramp, stay),
    );
    await hosts;
    const leave = await phase("all have left and ask for the status", own, () =>
      ask(Array.from({ length: listeners }, () => busy.statusUrl)),
    );
    const objects = broadcastsIn(own.persist);
    const strangers = await phase("strangers", own, () =>
      ask(strange(STRANGERS * listeners, busy.playbackUrl)),
    );
    const madeObjects = broadcastsIn(own.persist) - objects;
    for (const show of shows) await removeShow(own, show);
    return { phases: [few, come, leave, strangers], objects, madeObjects };
  } finally {
    await hosts.then(
      (started) => started.stop(),
      () => {},
    );
  }
}

/** Runs `work`, and meanwhile counts the calls to the Broadcast objects per second. */
async function phase(
  name: string,
  own: Own,
  work: () => Promise<{ requests: number; complaints: readonly string[] }>,
): Promise<Phase> {
  console.log(`${name} …`);
  const began = performance.now();
  const counts = [(await own.counts()).broadcast];
  let isOver = false;
  const counting = (async () => {
    while (!isOver) {
      await sleep(1_000);
      counts.push((await own.counts()).broadcast);
    }
  })();
  const done = await work().finally(() => {
    isOver = true;
  });
  await counting;
  const perSecond = counts.slice(1).map((count, n) => count - (counts[n] ?? 0));
  return {
    name,
    ...done,
    seconds: (performance.now() - began) / 1000,
    calls: perSecond.reduce((sum, calls) => sum + calls, 0),
    busiest: Math.max(...perSecond),
  };
}

async function crowd(own: Own, playbackUrl: string, listeners: number, ramp: number, duration: number) {
  const playbackUrls = Array.from({ length: listeners }, () => playbackUrl);
  const cpu = () => ({ server: own.cpu(), group: own.groupCpu() });
  const { requests, outcome } = await take({ playbackUrls, ramp, duration, exitSpike: 0, cpu });
  const complaints = [];
  if (outcome.joined < listeners) complaints.push(`${listeners - outcome.joined} listeners could not join.`);
  if (outcome.stalls > 0) complaints.push(`There were ${outcome.stalls} stalls.`);
  return { requests, complaints };
}

/** Requests each of `urls` once, as fast as the connections allow. A 5xx answer is a complaint. */
async function ask(urls: readonly string[]) {
  const dispatcher = new Agent({ connections: CONNECTIONS });
  const answers = await Promise.all(
    urls.map(async (url) => {
      const { statusCode, body } = await request(url, { dispatcher });
      await body.dump();
      return statusCode;
    }),
  );
  await dispatcher.close();
  const failed = answers.filter((status) => status >= 500).length;
  return { requests: urls.length, complaints: failed === 0 ? [] : [`${failed} requests were answered 5xx.`] };
}

/** Returns URLs of broadcasts that do not exist, some with well-formed ids, and of one that does, with junk queries. */
function strange(count: number, playbackUrl: string): string[] {
  const uniform = uniforms(11);
  const word = (length: number) =>
    Array.from({ length }, () => Math.floor(36 * uniform()).toString(36)).join("");
  const { origin, pathname } = new URL(playbackUrl);
  const id = pathname.split("/")[2] ?? "";
  return Array.from({ length: count }, (_, n) => {
    if (n % 4 === 0) return `${origin}${pathname}?${word(6)}=${word(12)}`;
    if (n % 4 === 1) return `${origin}${pathname.replace(id, id.slice(0, -4) + word(4))}`;
    if (n % 4 === 2) return `${origin}${pathname.replace(id, word(id.length))}`;
    return `${origin}/live/${word(10)}/status.json?${word(3)}=${word(3)}`;
  });
}

/** Returns the number of Broadcast objects that have a database in the runtime's folder. */
function broadcastsIn(persist: string): number {
  return readdirSync(join(persist), { recursive: true })
    .map(String)
    .filter((file) => /Broadcast\/[^/]+\.sqlite$/.test(file) && !file.endsWith("metadata.sqlite")).length;
}

function table(phases: readonly Phase[]): string {
  const rows = phases.map(({ name, seconds, requests, calls, busiest }) => [
    name,
    seconds.toFixed(0),
    String(requests),
    (requests / seconds).toFixed(0),
    (calls / seconds).toFixed(1),
    String(busiest),
  ]);
  return [["", "seconds", "requests", "a second", "Broadcast, a second", "busiest second"], ...rows]
    .map((row) => row.map((cell, n) => (n === 0 ? cell.padEnd(38) : cell.padStart(20))).join(""))
    .join("\n");
}

function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        listeners: { type: "string", default: "300" },
        ramp: { type: "string", default: "60" },
        stay: { type: "string", default: "20" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return USAGE;
    const whole = (name: "listeners" | "ramp" | "stay", most: number): number => {
      const value = Number(values[name]);
      if (Number.isInteger(value) && value >= 1 && value <= most) return value;
      throw new Error(`--${name} must be a whole number from 1 to ${most}.`);
    };
    return { listeners: whole("listeners", 5_000), ramp: whole("ramp", 600), stay: whole("stay", 600) };
  } catch (error) {
    return `${(error as Error).message} See --help.`;
  }
}
