import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Publication, publish } from "../../local/host/publisher.ts";
import { SpokenSignal } from "../../local/host/signal.ts";
import { lifeboatUrl } from "../../src/lifeboat.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { type Desk, makeShow, openShow, originReads, removeShow, stateOf } from "../kit/desk.ts";
import { Listener } from "../kit/listener.ts";
import { until } from "../kit/polling.ts";
import { Checks } from "./checks.ts";
import { checkEnd } from "./end.ts";
import { endure, stayOn } from "./endure.ts";
import { checkLifeboat, checkLifeboatEnd } from "./lifeboat.ts";
import { checkTalk } from "./talk.ts";

const USAGE = `npm run smoke -- URL [--during COMMAND] [--on-air MINUTES] [--lifeboat URL]

Puts one short show on a deployed relay, publishes real sound to it, listens, and checks what no local runtime can show:
the SFU, the cache before the origin, the platform's content codings, the count, the end, the replay, and the recording. Takes about a
minute, with --on-air so much longer. The show is its own and is deleted in the end. The relay's admin token is taken from ADMIN_TOKEN.

  --during COMMAND  runs a command in the middle of the show (npm run deploy), which listeners must not notice
  --on-air MINUTES  keeps the host on for so long, and fails when its Broadcast was made anew (or lost its socket). An object has 30 s
                    of CPU, which each event renews (Durable Objects, limits); whether a message of a standard socket
                    is one is not written anywhere. A show with one host uses 30 s in 5 to 20 minutes: take 25
  --lifeboat URL    the relay's LIFEBOAT_URL: checks the copy that is served from there without a Worker (docs/lifeboat.md)

The exit code is 1 where a check failed, 2 where the options are wrong.`;

/** The number of equal requests for one object, of which the origin should see few. */
const CROWD = 40;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "string") {
    (options === USAGE ? console.log : console.error)(options);
    return options === USAGE ? 0 : 2;
  }
  const checks = new Checks();
  const { desk } = options;
  const show = await checks.run("a show is made, and its doors open", () => openShow(desk, "low"));
  if (show === null) return 1;
  try {
    await perform(checks, desk, show, options);
  } finally {
    await checks.run("the show is deleted, and its URL is gone", async () => {
      await removeShow(desk, show);
      for (const left of [5, 4, 3, 2, 1]) {
        if ((await fetch(show.playbackUrl)).status === 404) return "";
        await sleep(200 * left);
      }
      throw new Error("it is answered still");
    });
  }
  console.log(checks.summary());
  return checks.failed === 0 ? 0 : 1;
}

async function perform(checks: Checks, desk: Desk, show: CreatedBroadcast, options: Options): Promise<void> {
  const { during, onAirMs, lifeboat } = options;
  const listener = await checks.run("silence is listed before any host", () =>
    Listener.join(show.playbackUrl),
  );
  if (listener === null) return;
  const publication = await checks.run("a host publishes over WHIP and WebRTC", () => goLive(show));
  if (publication !== null)
    await checks.run("its sound arrives", () =>
      until(() => hostsOf(desk.url, show), { within: 10_000, every: 500 }),
    );

  await checkLists(checks, show, listener);
  await checkCaches(checks, desk, show, listener);
  if (lifeboat !== null) await checkLifeboat(checks, show, lifeboat);
  if (during !== null)
    await checks.run(`listeners do not notice: ${during}`, () => endure(desk, listener, show, during));

  if (onAirMs > 0)
    await checks.run(`the host's Broadcast lives on for ${onAirMs / 60_000} minutes`, () =>
      stayOn(desk, show, onAirMs),
    );

  await checks.run("the listener is counted within 40 s", () =>
    until(
      async () => {
        await (await listener.get()).text();
        const { listeners } = await json<{ listeners: number }>(`${desk.url}/live/${show.id}/audience.json`);
        return listeners > 0 ? `${listeners} counted` : null;
      },
      { within: 40_000, every: 500 },
    ),
  );
  await checkPlan(checks, desk);
  await checkTalk(checks, desk);
  await checkEnd(checks, desk, show, { listener, publication });
  if (lifeboat !== null) await checkLifeboatEnd(checks, show, lifeboat);
}

/** Checks that the platform's alarm starts a show's object when its doors open at their time. */
async function checkPlan(checks: Checks, desk: Desk): Promise<void> {
  await checks.run("a show that nobody asks for opens at its time, and ends at its time", async () => {
    const inSeconds = (seconds: number) => new Date(Date.now() + 1000 * seconds).toISOString();
    const plan = { opensAt: inSeconds(4), endsAt: inSeconds(10), autoOpen: false };
    const planned = await makeShow(desk, "low", plan);
    try {
      await sleep(7_000);
      const then = await stateOf(desk, planned);
      await sleep(6_000);
      const last = await stateOf(desk, planned);
      if (then !== "open" || last !== "ended") throw new Error(`3 s after each it was ${then}, ${last}`);
      return "3 s after each it had";
    } finally {
      await removeShow(desk, planned);
    }
  });
}

/** Checks that lists come when they are due, in a coding that their reader accepts. */
async function checkLists(checks: Checks, show: CreatedBroadcast, listener: Listener): Promise<void> {
  await checks.run("a reload is held until its part is there", async () => {
    const list = await listener.list();
    const last = list.parts.at(-1);
    if (last === undefined) throw new Error("the list has no parts");
    // Five parts later: nearly two seconds, however much of the present part has passed.
    const then = await listener.until(last.msn + 1, last.index);
    const part = then.parts.find(({ msn, index }) => msn === last.msn + 1 && index === last.index);
    if (part === undefined) throw new Error("the list lacks it");
    return `${Math.round(then.readAt - part.date - 1000 * part.duration)} ms after its last sample`;
  });

  await checks.run("a list is plain to who accepts no coding, and the same to who accepts gzip", async () => {
    const codings: string[] = [];
    for (const accepted of ["identity", "gzip"]) {
      const headers = { "accept-encoding": accepted };
      const player = await Listener.join(show.playbackUrl, headers);
      // With the id that such a player is given, and without one.
      for (const target of [player.url, player.url.replace(/\?.*/, "")]) {
        const response = await fetch(target, { headers });
        if (!/^#EXTM3U\n/.test(await response.text())) throw new Error(`${accepted}: it is no playlist`);
        codings.push(response.headers.get("content-encoding") ?? "identity");
      }
    }
    if (codings.slice(0, 2).some((coding) => coding !== "identity"))
      throw new Error(`identity was answered with ${codings.slice(0, 2).join(" and ")}`);
    return `gzip is answered with ${codings.slice(2).join(" and ")}`;
  });
}

/** Checks what a cache keeps, and how much still reaches the origin. */
async function checkCaches(
  checks: Checks,
  desk: Desk,
  show: CreatedBroadcast,
  listener: Listener,
): Promise<void> {
  await checks.run("media may be kept for good, the listener's own list not at all", async () => {
    const [part] = (await listener.list()).parts;
    const media = await listener.media(part?.name ?? "");
    await media.arrayBuffer();
    const own = await fetch(show.playbackUrl);
    await own.text();
    expectHeader(media, "cache-control", /^public, max-age=3600, immutable$/);
    expectHeader(own, "cache-control", /^no-store$/);
    return "";
  });

  await checks.run(`${CROWD} listeners of a part cost the origin few reads`, async () => {
    const part = (await listener.list()).parts.at(-1);
    const before = await originReads(desk, show);
    await Promise.all(Array.from({ length: CROWD }, () => listener.bytes(part?.name ?? "")));
    const reads = ((await originReads(desk, show)).part ?? 0) - (before.part ?? 0);
    if (reads > CROWD / 4) throw new Error(`it was read ${reads} times`);
    return `${reads} of ${CROWD}`;
  });

  await checks.run("an invented id is nobody's", async () => {
    const { status } = await fetch(`${desk.url}/live/${show.id.slice(0, -6)}aaaaaa/index.m3u8`);
    if (status !== 404) throw new Error(`it was answered ${status}`);
    return "";
  });
}

/** Publishes speech-like sound. */
function goLive({ whipUrl, hostKey }: CreatedBroadcast): Promise<Publication> {
  const signal = new SpokenSignal({ startMillis: Date.now() });
  return publish({ url: whipUrl, key: hostKey, source: (frames) => signal.read(frames) });
}

async function hostsOf(url: string, { id }: CreatedBroadcast): Promise<string | null> {
  const { hosts } = await json<{ hosts: number }>(`${url}/live/${id}/status.json`);
  return hosts > 0 ? `${hosts} on air` : null;
}

async function json<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} was answered ${response.status}`);
  return (await response.json()) as T;
}

function expectHeader({ url, headers }: Response, name: string, form: RegExp): void {
  const value = headers.get(name);
  if (value === null || !form.test(value)) throw new Error(`${url} has ${name}: ${value}`);
}

interface Options {
  readonly desk: Desk;
  /** A command to run in the middle of the show. */
  readonly during: string | null;
  /** How long the host is kept on and watched, ms. */
  readonly onAirMs: number;
  /** Where the bucket is served without a Worker; null: the relay has no copy, or the copy is not to be checked. */
  readonly lifeboat: string | null;
}

function readOptions(): Options | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        during: { type: "string" },
        "on-air": { type: "string" },
        lifeboat: { type: "string" },
        help: { type: "boolean" },
      },
    });
    if (values.help) return USAGE;
    const [url = ""] = positionals;
    if (positionals.length !== 1 || !URL.canParse(url)) return "Say the relay's URL. See --help.";
    const adminToken = process.env.ADMIN_TOKEN ?? "";
    if (adminToken === "") return "The relay's admin token is needed in ADMIN_TOKEN.";
    const minutes = Number(values["on-air"] ?? 0);
    if (!(minutes >= 0)) return "--on-air takes minutes. See --help.";
    const lifeboat = values.lifeboat === undefined ? null : lifeboatUrl(values.lifeboat);
    if (lifeboat === null && values.lifeboat !== undefined)
      return "--lifeboat takes a URL of a host alone. See --help.";
    const desk = { url: url.replace(/\/+$/, ""), adminToken };
    return { desk, during: values.during ?? null, onAirMs: 60_000 * minutes, lifeboat };
  } catch (error) {
    return `${(error as Error).message} See --help.`;
  }
}
