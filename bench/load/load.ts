import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuOf } from "../../test/kit/cpu.ts";
import type { CreatedBroadcast } from "../../test/kit/created.ts";
import { type Desk, openShow, originReads, removeShow } from "../../test/kit/desk.ts";
import { exitCodeOf, Misuse } from "../misuse.ts";
import { allot, type Options, readOptions, USAGE } from "./options.ts";
import { type Own, startHosts, startLocalRelay } from "./own.ts";
import { type Cpu, complaints, type Report, toJson, toText } from "./report.ts";
import { spread } from "./spread.ts";
import { type Taken, take } from "./turn.ts";

/** `npm run load`: puts thousands of listeners on one relay; reports what they received and what they cost. */

/** Time until the longest profile has more media than its HOLD-BACK (12 s) and the origin has settled, ms. */
const WARM_UP_MS = 16_000;
const IDLE_MS = 4_000;
/** Time until reads that were in progress when the listeners left have been answered, ms. */
const SETTLE_MS = 1_500;

process.exitCode = await exitCodeOf(main);

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  const report = await measure(options);
  console.log(toText(report));
  if (options.json !== null) writeFileSync(options.json, toJson(report));
  return complaints(report).length === 0 ? 0 : 1;
}

async function measure(options: Options): Promise<Report> {
  if (options.peer !== null) return measurePeer(options, options.peer);
  const own = options.target === null ? await startLocalRelay(options.isolates) : null;
  const desk: Desk = own ?? { url: options.target ?? "", adminToken: adminToken() };
  const groups = allot(options.listeners, options.mix);
  const shows: CreatedBroadcast[] = [];
  try {
    for (const [profile] of groups) shows.push(await openShow(desk, profile));
    const hosts = await startHosts(shows);
    try {
      console.log(`The relay at ${desk.url} is on air; listeners join in ${WARM_UP_MS / 1000} s.`);
      await sleep(WARM_UP_MS - IDLE_MS);
      return await run(options, { desk, own, groups, shows });
    } finally {
      await hosts.stop();
    }
  } finally {
    for (const show of shows) await removeShow(desk, show);
    await own?.stop();
  }
}

interface Setting {
  readonly desk: Desk;
  readonly own: Own | null;
  readonly groups: ReturnType<typeof allot>;
  /** One show for each group. */
  readonly shows: readonly CreatedBroadcast[];
}

async function run(options: Options, { desk, own, groups, shows }: Setting): Promise<Report> {
  const cpu = () => ({ server: own?.cpu() ?? 0, group: own?.groupCpu() ?? 0 });
  const idle = await idleCpu(() => cpu().server);
  const before = await allReads(desk, shows);
  const startCounts = await own?.counts();
  const playbackUrls = spread(
    groups.map(([, count], g) => ({ count, playbackUrl: shows[g]?.playbackUrl ?? "" })),
    own?.edges ?? [desk.url],
  );
  const taken = await take({ ...options, playbackUrls, cpu });
  const endCounts = await own?.counts();
  await sleep(SETTLE_MS);
  const fetches = subtract(await allReads(desk, shows), before);
  // Both counts must be of the same time, or a plain playlist requested in between would count as a held one.
  const settled = await own?.counts();
  const plainLists = startCounts && settled ? settled.plainLists - startCounts.plainLists : null;
  const perSecond = (object: "broadcast" | "audience"): number | null =>
    startCounts && endCounts ? (endCounts[object] - startCounts[object]) / taken.seconds : null;
  return {
    ...figuresOf(taken, options),
    relay: own === null ? desk.url : "its own",
    isolates: own?.edges.length ?? null,
    mix: Object.fromEntries(groups),
    originFetches: taken.notes.objects.against(fetches, plainLists),
    originReadsPerSecond: Object.values(fetches).reduce((sum, count) => sum + count, 0) / taken.seconds,
    broadcastPerSecond: perSecond("broadcast"),
    audiencePerSecond: own?.hasAudience === false ? "stub" : perSecond("audience"),
    relayCpu: own === null ? null : cpuOfServer(taken, idle),
  };
}

/** Measures another server that is on the air: what listeners receive, and, if its process is known, what they cost. */
async function measurePeer(options: Options, peer: string): Promise<Report> {
  const { peerPid } = options;
  const cpu = () => ({ server: peerPid === null ? 0 : cpuOf(peerPid), group: 0 });
  const idle = await idleCpu(() => cpu().server);
  const playbackUrls = Array.from({ length: options.listeners }, () => peer);
  const taken = await take({ ...options, playbackUrls, cpu });
  return {
    ...figuresOf(taken, options),
    relay: peer,
    isolates: null,
    mix: { peer: options.listeners },
    originFetches: null,
    originReadsPerSecond: null,
    broadcastPerSecond: null,
    audiencePerSecond: null,
    relayCpu: peerPid === null ? null : cpuOfServer(taken, idle),
  };
}

/** The figures that are reported for any server. */
function figuresOf(taken: Taken, { listeners, ramp, duration }: Options) {
  const { notes } = taken;
  return {
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`,
    listeners,
    rampSeconds: ramp,
    durationSeconds: duration,
    seconds: taken.seconds,
    listenerSeconds: taken.listenerSeconds,
    ...taken.outcome,
    leftAtOnce: taken.leftAtOnce,
    latency: notes.latency.read(),
    delivery: notes.delivery.read(),
    requests: taken.requests,
    requestsPerSecond: taken.requestsPerSecond,
    bytes: notes.traffic.bytes,
    failures: Object.fromEntries(notes.traffic.failures),
    generatorCpu: taken.generatorCpu / taken.listenerSeconds,
    othersCpu: taken.othersCpu / (1000 * taken.seconds * cpus().length),
    generatorLag: taken.generatorLag,
  };
}

function cpuOfServer(
  { serverCpu, serverShare, seconds, listenerSeconds, requests }: Taken,
  idle: number,
): Cpu {
  const cpu = serverCpu - idle * seconds;
  return { perListenerSecond: cpu / listenerSeconds, perRequest: cpu / requests, idle, share: serverShare };
}

/** Measures how much CPU is used without listeners, ms per second. */
async function idleCpu(cpu: () => number): Promise<number> {
  const before = cpu();
  await sleep(IDLE_MS);
  return (cpu() - before) / (IDLE_MS / 1000);
}

async function allReads(desk: Desk, shows: readonly CreatedBroadcast[]): Promise<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const show of shows) {
    for (const [kind, count] of Object.entries(await originReads(desk, show))) {
      sum[kind] = (sum[kind] ?? 0) + count;
    }
  }
  return sum;
}

function subtract(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(a).map(([kind, count]) => [kind, count - (b[kind] ?? 0)]));
}

function adminToken(): string {
  const token = process.env.ADMIN_TOKEN ?? "";
  if (token === "") throw new Misuse("--target needs the relay's admin token in ADMIN_TOKEN.");
  return token;
}
