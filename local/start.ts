import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { firstChange } from "./changes.ts";
import { type DemoShow, findDemo } from "./demo-show.ts";
import { DEV_VARS, variableIn } from "./dev-vars.ts";
import { given, type Options, readOptions } from "./options.ts";
import { generateSecrets, type Relay, type Secrets, startRelay } from "./relay.ts";
import { StartFailure } from "./runtime.ts";
import { lockState } from "./state-lock.ts";

/** `npm start`: runs the relay on this machine, with a broadcast to try it with. */

const HELP = `npm start [-- --fresh]

Runs Earshot on this machine: the Worker in the real runtime and a local WebRTC server in the place of
Cloudflare Realtime. State is kept between starts.

  --dev     for development: wrangler dev rebuilds changed code, and a changed file of local/ restarts all. A request takes 15
            times the CPU, and there is no lifeboat
  --fresh   forget all broadcasts and recordings first
  --help    this text

  PORT=8787         the HTTP port
  HOST=127.0.0.1    the IP address to serve on and to give to publishers. Set an address of this machine to be reachable from
                    the network
  LIFEBOAT=off      without the copy that is served from the bucket alone, on the port after PORT (or the URL of that port,
                    where a proxy stands before it)
  UDP_PORTS=a-b     the UDP ports that publishers connect to, one each, to open in a firewall (default: any free)
  ADMIN_TOKEN=...   the admin token, and
  EARSHOT_SECRET=.. the secret of all ids and keys (else those in .dev.vars, where the first start puts random ones)
  LOG=1             show what the runtime prints
`;

const STATE = join(".wrangler", "earshot");
/** How often it looks whether npm's shell is still there, ms. */
const PARENT_MS = 1_000;

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof StartFailure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2), process.env);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const signal = untilToldToStop();
  console.log("Starting Earshot …");
  using _lock = lockState(STATE);
  try {
    // Only now: what another relay uses must not be deleted.
    if (options.fresh) rmSync(STATE, { recursive: true, force: true });
    const changed = await run(options, signal);
    console.log(`\n${changed} has changed.`);
  } catch (error) {
    if (!signal.aborted) throw error;
    return 0;
  }
  return startAgain();
}

/** Starts this command again in the same process, which then reads its own files anew. */
function startAgain(): number {
  const args = process.argv.slice(1).filter((arg) => arg !== "--fresh");
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...args], process.env);
  return 0; // On Windows, which has no such call.
}

/**
 * Returns a signal that aborts on Ctrl-C, when the terminal closes, or when npm is told to stop: npm passes that on to its shell
 * alone, so that this process gets another parent. A second Ctrl-C is ignored: stopping takes seconds.
 */
function untilToldToStop(): AbortSignal {
  const told = new AbortController();
  const stop = () => {
    if (!told.signal.aborted) console.log("\nStopping …");
    told.abort();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);
  const parent = process.ppid;
  // Without npm, a shell may end and leave this process running on purpose.
  if (given(process.env.npm_lifecycle_event) !== undefined)
    setInterval(() => process.ppid !== parent && stop(), PARENT_MS).unref();
  return told.signal;
}

/**
 * Rejects when `signal` is aborted, or with the {@link StartFailure} that ended the relay. With `dev`, resolves with the name of
 * a file that has changed, of those that wrangler does not build anew.
 */
async function run(options: Options, signal: AbortSignal): Promise<string> {
  const log = options.log ? console.log : printTrouble;
  const relay = await startRelay({ ...options, persist: STATE, secrets: readSecrets(), log, signal });
  const end = Promise.race([relay.failed, aborted(signal), ...(options.dev ? [firstChange(signal)] : [])]);
  try {
    const made = await Promise.race([end, demo(relay)]);
    if (typeof made === "string") return made;
    console.log(greeting(made, relay, options));
    return await end;
  } finally {
    await relay.stop();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}

/** Returns the admin token and the deployment secret: from the environment, else from `.dev.vars`, else new ones stored there. */
function readSecrets(): Secrets {
  const stored = existsSync(DEV_VARS) ? readFileSync(DEV_VARS, "utf8") : "";
  const read = (name: string) => variableIn(stored, name);
  const minted = generateSecrets();
  const adminToken = read("ADMIN_TOKEN") ?? minted.adminToken;
  const secret = read("EARSHOT_SECRET") ?? minted.secret;
  let text = stored;
  for (const [name, value] of [
    ["ADMIN_TOKEN", adminToken],
    ["EARSHOT_SECRET", secret],
  ] as const) {
    if (read(name) === null) text += `${text === "" || text.endsWith("\n") ? "" : "\n"}${name}="${value}"\n`;
  }
  if (text !== stored) writeFileSync(DEV_VARS, text, { mode: 0o600 });
  return {
    adminToken: given(process.env.ADMIN_TOKEN) ?? adminToken,
    secret: given(process.env.EARSHOT_SECRET) ?? secret,
  };
}

/** Prints only the runtime's warnings and errors; LOG=1 prints everything. */
function printTrouble(line: string): void {
  if (/\b(error|warn(ing)?|failed)\b/i.test(line)) console.log(line);
}

/** The broadcast to try things with. `ended`: the one before it, which is kept; null if it is the first. */
interface TryOut {
  readonly show: DemoShow;
  readonly ended: DemoShow | null;
}

/** Returns the demo broadcast, and creates it if there is none. */
async function demo({ url, adminToken }: Relay): Promise<TryOut> {
  const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
  const ask = async (method: string, path: string, body?: string): Promise<DemoShow | null> => {
    const asked = fetch(`${url}/api/broadcasts${path}`, { method, headers, body: body ?? null });
    const answer = await asked.catch(() => null);
    if (answer?.ok) return (await answer.json()) as DemoShow;
    if (answer?.status === 404) return null;
    const why = answer === null ? "the relay does not answer" : await answer.text();
    throw new StartFailure(`The demo broadcast could not be made: ${why}`);
  };
  const found = await findDemo((slug) => ask("GET", `/${slug}`));
  if (found.kind === "there") return found;
  const made = await ask("POST", "", JSON.stringify({ title: "Demo", slug: found.slug }));
  if (made === null) throw new StartFailure("The demo broadcast could not be made: the relay has no API.");
  return { show: made, ended: found.ended };
}

function greeting(
  { show: demo, ended }: TryOut,
  { adminToken, lifeboat }: Relay,
  { host, udpPorts }: Options,
): string {
  const ports = udpPorts ? `UDP ports ${udpPorts.join("-")}` : "any free UDP port";
  const replay =
    ended && `\n  Replay     ${ended.listenUrl}\n             of the demo before this one, which has ended`;
  return `
Earshot is running. Press Ctrl-C to stop.

  Studio     ${demo.studioUrl}
             open it, pick a microphone, press Go live
  Listen     ${demo.listenUrl}
  Playlist   ${demo.playbackUrl}
  Lifeboat   ${lifeboat === null ? "none" : `${lifeboat}/${demo.id}/lifeboat.m3u8, once there is sound: goes on without the Worker`}
  WHIP       ${demo.whipUrl}
  Host key   ${demo.hostKey}
  Admin      Authorization: Bearer ${adminToken}
  Media      ${ports} of ${host}${replay ?? ""}

  No microphone?   npm run demo
  ffplay           ffplay -nodisp ${demo.playbackUrl}
  VLC              vlc ${demo.playbackUrl}
  OBS 30 or newer  Settings > Stream > Service WHIP, Server ${demo.whipUrl}, Bearer Token ${demo.hostKey}
`;
}
