import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { parseArgs } from "node:util";
import { httpOrigin } from "./address.ts";
import { storedAdminToken } from "./dev-vars.ts";

const USAGE = `npm run hold -- FILE --id ID [options]

Makes a WAV file of anything that ffmpeg reads, and sets it as a broadcast's hold audio: what is heard while no host is
on. It is levelled to -24 LUFS, and goes round. Ten minutes at the most. What would have more than 100 MB in stereo (8 min 40 s)
becomes mono: Cloudflare's Free and Pro plans take no more in one request.

  --id ID          the broadcast, by its id or slug
  --url RELAY      the relay (default: http://$HOST:$PORT, localhost and 8787 where these are not set)
  --as-is          play it as loud as it is
  --default        bring the built-in hold audio back; takes no FILE
  --help           this text

It takes the ADMIN_TOKEN of the environment or of .dev.vars. It ends with 0 when it is done, 1 when something failed, 2 when
it was called wrongly, and 3 when there is no ffmpeg.`;

/** A user error or a failure that one sentence explains; `code` is the process's exit code. */
class Stop extends Error {
  readonly code: number;

  constructor(code: 1 | 2 | 3, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** The largest request body that Cloudflare accepts on its Free and Pro plans. */
const SMALL_PLAN_BYTES = 100e6;

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const [file, ...more] = positionals;
  if (values.id === undefined) throw new Stop(2, "Say which broadcast: --id ID.");
  if (more.length > 0 || (file === undefined) !== (values.default === true))
    throw new Stop(2, "Give one FILE, or --default. Try npm run hold -- --help.");
  if (values.url !== undefined && !URL.canParse(values.url))
    throw new Stop(2, `--url ${values.url} is no URL.`);
  const { HOST = "", PORT = "" } = process.env;
  const relay = values.url ?? httpOrigin(HOST === "" ? "localhost" : HOST, PORT === "" ? 8787 : PORT);
  const url = new URL(`/api/broadcasts/${encodeURIComponent(values.id)}/hold`, relay);
  if (values["as-is"]) url.searchParams.set("asis", "1");
  const token = await adminToken();
  if (file === undefined) {
    await ask(url, token, { method: "DELETE" });
    console.log("The built-in hold audio is back.");
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "earshot-hold-"));
  try {
    const wav = join(folder, "hold.wav");
    await convert(file, wav, 2);
    if ((await stat(wav)).size > SMALL_PLAN_BYTES) {
      console.warn("It would have more than 100 MB in stereo, and becomes mono.");
      await convert(file, wav, 1);
    }
    await send(url, token, wav);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function readArguments() {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    const options = { id: text, url: text, "as-is": flag, default: flag, help: flag };
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new Stop(2, `${(error as Error).message.split(". ")[0]}. Try npm run hold -- --help.`);
  }
}

async function adminToken(): Promise<string> {
  const token = await storedAdminToken();
  if (token !== null) return token;
  throw new Stop(1, "There is no ADMIN_TOKEN in the environment or in .dev.vars: npm start makes one.");
}

/** Converts `file` to 48 kHz, 16 bits, mono or stereo. If ffmpeg cannot read it, throws a {@link Stop} with ffmpeg's last line. */
async function convert(file: string, wav: string, channels: 1 | 2): Promise<void> {
  await stat(file).catch(() => {
    throw new Stop(2, `There is no file ${file}.`);
  });
  const format = ["-map", "0:a:0", "-ar", "48000", "-ac", String(channels), "-c:a", "pcm_s16le"];
  const args = [
    "-nostdin",
    "-hide_banner",
    "-loglevel",
    "info",
    "-progress",
    "pipe:1",
    "-i",
    file,
    ...format,
    "-f",
    "wav",
    "-y",
    wav,
  ];
  const child = spawn("ffmpeg", args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const bar = new Bar("Converting");
  child.stderr.on("data", (text) => {
    said = (said + text).slice(-8_000);
  });
  child.stdout.on("data", (text) => {
    const [, h, m, s] = /Duration: (\d+):(\d+):([\d.]+)/.exec(said) ?? [];
    const done = Number([...String(text).matchAll(/out_time_us=(\d+)/g)].at(-1)?.[1] ?? 0) / 1e6;
    if (h !== undefined) bar.show(done / (3_600 * Number(h) + 60 * Number(m) + Number(s)));
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const sentence =
        "There is no ffmpeg on this machine. Install it (apt install ffmpeg, brew install ffmpeg).";
      reject(error.code === "ENOENT" ? new Stop(3, sentence) : error);
    });
    child.once("close", resolve);
  });
  bar.end();
  if (code !== 0) throw new Stop(1, `ffmpeg can not read ${file}: ${said.trim().split("\n").at(-1)}`);
}

async function send(url: URL, token: string, wav: string): Promise<void> {
  const { size } = await stat(wav);
  const bar = new Bar("Sending");
  let sent = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, next) {
      sent += chunk.length;
      bar.show(sent / size);
      next(null, chunk);
    },
  });
  const body = Readable.toWeb(createReadStream(wav).pipe(counted)) as ReadableStream<Uint8Array>;
  const answer = await ask(url, token, {
    method: "PUT",
    body,
    duplex: "half",
    headers: { "content-type": "audio/wav", "content-length": String(size) },
  } as RequestInit).finally(() => bar.end());
  const { own } = answer as { own: { seconds: number; loudness: number | null; gainDb: number } };
  const loud = own.loudness === null ? "" : `, ${own.loudness.toFixed(1)} LUFS`;
  console.log(`Set: ${own.seconds.toFixed(1)} s${loud}, played with ${own.gainDb.toFixed(1)} dB.`);
}

/** Sends a request to the relay. Throws a {@link Stop} with the relay's own sentence if it refuses. */
async function ask(url: URL, token: string, init: RequestInit): Promise<unknown> {
  const headers = { ...init.headers, authorization: `Bearer ${token}` };
  const response = await fetch(url, { ...init, headers }).catch(() => {
    throw new Stop(1, `The relay does not answer at ${url.origin}: start it with npm start.`);
  });
  const body = (await response.json().catch(() => null)) as { error?: { message: string } } | null;
  if (response.ok) return body;
  throw new Stop(1, body?.error?.message ?? `The relay at ${url.origin} answered ${response.status}.`);
}

/** A progress bar on one line of a terminal. Where the output is no terminal, it writes nothing. */
class Bar {
  readonly #what: string;
  #shown = "";

  constructor(what: string) {
    this.#what = what;
  }

  /** @param part 0 to 1 */
  show(part: number): void {
    const filled = Math.round(30 * Math.min(1, Math.max(0, part)));
    const line = `${this.#what.padEnd(10)} ${"█".repeat(filled)}${"░".repeat(30 - filled)} ${Math.round((filled * 100) / 30)} %`;
    if (!process.stdout.isTTY || line === this.#shown) return;
    process.stdout.write(`\r${line}`);
    this.#shown = line;
  }

  end(): void {
    if (this.#shown !== "") process.stdout.write("\n");
  }
}

await main().catch((error: unknown) => {
  if (!(error instanceof Stop)) throw error;
  console.error(error.message);
  process.exitCode = error.code;
});
