import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { openPage, type Probed } from "../kit/chromium.ts";
import type { CreatedBroadcast, Described } from "../kit/created.ts";
import type { Listed } from "../kit/list.ts";
import { until } from "../kit/polling.ts";
import { type Outcome, run } from "../kit/program.ts";
import type { FaultRig } from "./fault-rig.ts";
import { Watch } from "./watch.ts";

/** The time from a fault's beginning to its end, ms since 1970. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** For how long a show is listened to before its fault, ms. */
const BEFORE_MS = 5_000;

/** Everything that was seen and heard of a show with a fault in it. */
export interface Evidence {
  readonly show: CreatedBroadcast;
  readonly fault: Span;
  /** The time in which the page was observed. */
  readonly heard: Span;
  readonly stood: readonly { readonly at: number; readonly millis: number }[];
  readonly leapt: readonly { readonly at: number; readonly seconds: number }[];
  /** Every failed answer that a listener got, and which one: the page, or the playlist reader beside it. */
  readonly errors: readonly string[];
  readonly watch: Watch;
  readonly ffmpeg: Outcome;
  /** The ended show's last playlist. */
  readonly last: Listed;
  readonly puts: readonly string[];
  /** The show's objects in R2, by key. */
  readonly kept: ReadonlyMap<string, Uint8Array>;
  readonly index: readonly IndexedRow[];
}

/** A row of the show's segment index. */
export interface IndexedRow {
  readonly epoch: string;
  readonly msn: number;
  readonly at: number;
  readonly units: number;
  readonly bytes: number;
}

/** A show on the air, as passed to the code that makes a fault. */
export interface ShowUnderTest {
  readonly rig: FaultRig;
  readonly show: CreatedBroadcast;
  readonly watch: Watch;
}

/** Makes a fault in a show, and returns when it began and ended. */
export type Act = (underTest: ShowUnderTest) => Promise<Span>;

/** Starts a host of the show, and returns a way to end it. */
export type Speak = (show: CreatedBroadcast) => Promise<{ end(): void }>;

/**
 * Has players listen to a show from before a fault until the show's end: hls.js in our page, and ffmpeg.
 *
 * @param act makes the fault, and returns when it was
 * @param afterMs for how long they listen after the fault
 */
export async function listenThrough(
  rig: FaultRig,
  speak: Speak,
  act: Act,
  afterMs: number,
): Promise<Evidence> {
  const show = await rig.relay.open({ latency: "balanced" });
  await rig.relay.api("PATCH", `/broadcasts/${show.id}/hosts/host`, { level: false });
  const host = await speak(show);
  await heard(rig, show);
  const errors: string[] = [];
  const page = await listen(rig, show, errors);
  const watch = new Watch(show.playbackUrl);
  const args = ["-hide_banner", "-loglevel", "repeat+warning", "-i", show.playbackUrl];
  const ffmpeg = run("ffmpeg", [...args, "-f", "s16le", "-ac", "1", "pipe:1"], { seconds: 1_200 });
  const outcome = ffmpeg.catch(
    (error: Error): Outcome => ({ code: null, stdout: Buffer.alloc(0), stderr: error.message }),
  );
  const from = Date.now();
  await sleep(BEFORE_MS);
  const fault = await act({ rig, show, watch });
  await sleep(afterMs);
  const { stood, leapt } = await page.page.evaluate<Pick<Evidence, "stood" | "leapt">>("place.read()");
  const until = Date.now();
  await page.page.context().close();
  await ended(rig, show);
  host.end();
  await watch.toTheEnd(20_000);
  const played = await outcome;
  if (watch.last === null) throw new Error("no list was read");
  const total = watch.last.firstMsn + watch.last.segments.length;
  const kept = await keptOf(rig, show, total);
  const index = await rig.relay.sql(
    show.id,
    "SELECT epoch, msn, at, units, bytes FROM indexed ORDER BY epoch, msn",
  );
  return {
    show,
    fault,
    heard: { from, until },
    stood,
    leapt,
    errors: [...errors, ...page.faults, ...watch.errors],
    watch,
    ffmpeg: played,
    last: watch.last,
    puts: await rig.puts(show),
    kept,
    index: index as unknown as IndexedRow[],
  };
}

/** Waits until one of the show's hosts is heard. */
export async function heard({ relay }: FaultRig, { id }: CreatedBroadcast, millis = 30_000): Promise<void> {
  let hosts: Described["hosts"] = [];
  const isHeard = async () => {
    ({ hosts } = await relay.describe(id));
    return hosts.some((host) => host.heard === true);
  };
  await until(isHeard, { within: millis, failure: () => `nobody is heard: ${JSON.stringify(hosts)}` });
}

/** Starts a WebRTC host in a process of its own. `at` is the address by which it reaches the show's WHIP endpoint. */
export async function speakTo(
  { whipUrl, hostKey }: CreatedBroadcast,
  at = whipUrl,
): Promise<{ child: ChildProcess; end(): void }> {
  const child = fork(new URL("returning-host.ts", import.meta.url), [at, hostKey], { execArgv: [] });
  await once(child, "message");
  const end = () => {
    if (child.connected) child.disconnect();
  };
  return { child, end };
}

/** Opens a listener on our page that behaves like a person: it presses play and listens. */
async function listen(rig: FaultRig, show: CreatedBroadcast, errors: string[]): Promise<Probed> {
  const probed = await openPage(rig.browser, show.listenUrl, ["place"]);
  const { page } = probed;
  const ofShow = (url: string) => url.includes(`/live/${show.id}/`);
  page.on("response", (response) => {
    if (ofShow(response.url()) && response.status() >= 400)
      errors.push(`page: ${response.status()} ${new URL(response.url()).pathname.split("/").at(-1)}`);
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText ?? "";
    // A request that the player gave up itself is not an error.
    if (ofShow(request.url()) && why !== "net::ERR_ABORTED") errors.push(`page: ${why}`);
  });
  await page.locator("#play:enabled").click();
  await page.getByText("You are listening live.").waitFor({ timeout: 30_000 });
  // The page catches up with the live edge just after its first sound.
  await sleep(1_500);
  await page.evaluate("place.start()");
  return probed;
}

async function ended({ relay }: FaultRig, { id }: CreatedBroadcast): Promise<void> {
  const response = await relay.api("POST", `/broadcasts/${id}/end`);
  if (!response.ok) throw new Error(`end: ${response.status}`);
}

/** Returns the show's objects in R2 once R2 has all segments below `total`; after 60 s, what is there. */
async function keptOf(
  { relay }: FaultRig,
  { id }: CreatedBroadcast,
  total: number,
): Promise<Map<string, Uint8Array>> {
  const last = `s${String(total - 1).padStart(10, "0")}.m4s`;
  for (const deadline = Date.now() + 60_000; ; await sleep(1_000)) {
    const kept = await relay.storedObjects(`${id}/`);
    if ([...kept.keys()].some((key) => key.endsWith(last)) || Date.now() > deadline) return kept;
  }
}
