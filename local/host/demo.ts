import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { httpOrigin } from "../address.ts";
import { type DemoShow, findDemo } from "../demo-show.ts";
import { storedAdminToken } from "../dev-vars.ts";
import { Meter } from "./meter.ts";
import { firstVariant, listeningDelay } from "./playback.ts";
import { type Publication, publish } from "./publisher.ts";
import { SpokenSignal } from "./signal.ts";
import { readWav, WavLoop } from "./wav.ts";

const USAGE = `npm run demo -- [options] [FILE.wav]

Publishes real audio over WHIP and WebRTC into the running relay: a spoken-word-like test signal that beeps each
second, or a WAV file, round and round. Ctrl-C ends it.

  --broadcast ID   the broadcast to publish to (default: the demo of npm start)
  --url WHIPURL    a WHIP endpoint, instead of looking the broadcast up; needs --key
  --key KEY        the host key for it
  --seconds N      end by itself after N seconds
  --help           this text

It finds the relay at http://$HOST:$PORT (localhost and 8787 by default), with the ADMIN_TOKEN of the environment or
.dev.vars.`;

/** A user error or a failure that one sentence explains; `code` is the process's exit code. */
class Stop extends Error {
  readonly code: number;

  constructor(code: 1 | 2, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** Where to publish, and which URLs to watch meanwhile (absent for a bare WHIP URL). */
interface Target {
  readonly whipUrl: string;
  readonly hostKey: string;
  readonly listenUrl?: string;
  readonly playbackUrl?: string;
  readonly statusUrl?: string;
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const seconds = values.seconds === undefined ? Number.POSITIVE_INFINITY : Number(values.seconds);
  if (!(seconds > 0)) throw new Stop(2, "--seconds takes a number of seconds above 0.");
  const [file, ...more] = positionals;
  if (more.length > 0) throw new Stop(2, "Only one WAV file can be published at a time.");
  const source = file === undefined ? undefined : await openWav(file);
  const target = await findTarget(values.url, values.key, values.broadcast);

  const meter = new Meter();
  const signal = source ?? new SpokenSignal({ startMillis: Date.now() });
  const { promise: ended, resolve } = Promise.withResolvers<string | null>();
  const end = () => resolve(null);
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, end);
  const publication = await publish({
    url: target.whipUrl,
    key: target.hostKey,
    source: (frames) => {
      const pcm = signal.read(frames);
      meter.push(pcm);
      return pcm;
    },
    onLost: resolve,
  }).catch((error: Error) => {
    throw new Stop(1, error.message);
  });
  console.log(`Publishing ${file ?? "the test signal"} to ${target.whipUrl}`);
  if (target.listenUrl) console.log(`Listen at  ${target.listenUrl}`);
  const timer = Number.isFinite(seconds) ? setTimeout(end, seconds * 1000) : undefined;
  const stopShowing = show(publication, meter, target);
  const lost = await ended;
  clearTimeout(timer);
  stopShowing();
  if (lost !== null) throw new Stop(1, `The publishing ended: ${lost}.`);
  await publication.close().catch((error: Error) => {
    throw new Stop(1, error.message);
  });
  console.log(`Ended after ${(publication.stats.frames / 50).toFixed(0)} s.`);
}

function readArguments() {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: { broadcast: text, url: text, key: text, seconds: text, help: { type: "boolean" } },
    });
  } catch (error) {
    throw new Stop(2, `${(error as Error).message.split(". ")[0]}. Try npm run demo -- --help.`);
  }
}

async function openWav(file: string): Promise<WavLoop> {
  try {
    return new WavLoop(readWav(await readFile(file)));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new Stop(2, missing ? `There is no file ${file}.` : `${file}: ${(error as Error).message}`);
  }
}

async function findTarget(
  url: string | undefined,
  key: string | undefined,
  broadcast: string | undefined,
): Promise<Target> {
  if (url !== undefined) {
    if (!URL.canParse(url)) throw new Stop(2, `--url ${url} is no URL.`);
    if (key === undefined) throw new Stop(2, "--url needs the host key: --key KEY.");
    return { whipUrl: url, hostKey: key };
  }
  const { HOST = "", PORT = "" } = process.env;
  const relay = httpOrigin(HOST === "" ? "localhost" : HOST, PORT === "" ? 8787 : PORT);
  const token = await adminToken();
  const describe = (slug: string) => described(relay, token, slug);
  const target = broadcast === undefined ? await demoOf(describe) : await describe(broadcast);
  if (target === null) throw new Stop(1, `The relay at ${relay} has no broadcast ${broadcast ?? "demo"}.`);
  return key === undefined ? target : { ...target, hostKey: key };
}

/** Returns the demo broadcast that has not ended; null if there is none. */
async function demoOf(describe: (slug: string) => Promise<DemoShow | null>): Promise<DemoShow | null> {
  const found = await findDemo(describe);
  return found.kind === "there" ? found.show : null;
}

/** Returns a broadcast as the admin API describes it; null if the relay has none of that name. */
async function described(relay: string, token: string, broadcast: string): Promise<DemoShow | null> {
  const response = await fetch(`${relay}/api/broadcasts/${encodeURIComponent(broadcast)}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  }).catch(() => {
    throw new Stop(1, `The relay does not answer at ${relay}: start it with npm start.`);
  });
  if (response.status === 401 || response.status === 403) {
    throw new Stop(1, `The relay at ${relay} does not take this ADMIN_TOKEN.`);
  }
  if (response.status === 404) return null;
  if (!response.ok) throw new Stop(1, `The relay at ${relay} answered ${response.status}.`);
  return (await response.json()) as DemoShow;
}

async function adminToken(): Promise<string> {
  const token = await storedAdminToken();
  if (token === null) {
    throw new Stop(1, "There is no ADMIN_TOKEN in the environment or in .dev.vars: npm start makes one.");
  }
  return token;
}

/** Updates a status line on a terminal, or elsewhere writes one every 5 s. Returns a function that stops it. */
function show(publication: Publication, meter: Meter, target: Target): () => void {
  const live = process.stdout.isTTY;
  let heard = "";
  let mediaUrl: string | null = null;
  const look = async () => {
    if (!target.playbackUrl || !target.statusUrl) return;
    try {
      mediaUrl ??= firstVariant(await text(target.playbackUrl), target.playbackUrl);
      const { state, hosts } = JSON.parse(await text(target.statusUrl)) as { state?: string; hosts?: number };
      const delay = mediaUrl ? listeningDelay(await text(mediaUrl), Date.now()) : null;
      heard = ` ${state ?? "?"}, ${hosts ?? 0} on air`;
      if (delay !== null) heard += `, listeners hear this about ${delay.toFixed(1)} s later`;
    } catch {
      heard = " the relay does not say what listeners hear";
    }
  };
  const line = () => {
    const { frames, lost } = publication.stats;
    return `${(frames / 50).toFixed(0).padStart(5)} s ${meter.draw()}${lost > 0 ? ` ${lost} lost` : ""}${heard}`;
  };
  void look();
  const looking = setInterval(() => void look(), 2_000);
  const drawing = setInterval(
    () => (live ? process.stdout.write(`\r\x1b[K${line()}`) : console.log(line())),
    live ? 100 : 5_000,
  );
  return () => {
    clearInterval(looking);
    clearInterval(drawing);
    if (live) process.stdout.write("\n");
  };
}

async function text(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.text();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = error.code;
}
