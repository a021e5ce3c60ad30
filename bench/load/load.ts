import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { machineBusy } from "./cpu.ts";
import { Crowd } from "./crowd.ts";
import { Histogram } from "./histogram.ts";
import { Lists, type Notes, now } from "./listener.ts";
import { Objects } from "./objects.ts";
import { allot, Misuse, type Options, readOptions, USAGE } from "./options.ts";
import { type Own, startHosts, startOwn } from "./own.ts";
import { type Cpu, complaints, type Report, toJson, toText } from "./report.ts";
import { type Desk, openShow, originReads, removeShow, type Show } from "./show.ts";
import { spread } from "./spread.ts";

/** `npm run load`: listeners by the thousand on one relay; what they got, and what they cost. */

/** Until the longest profile has more than its HOLD-BACK of media (12 s) and the origin has settled. */
const WARM_UP_MS = 16_000;
const IDLE_MS = 4_000;
/** How long the origin takes to hand on its count of reads that R2 answered, and some. */
const COUNT_MS = 1_500;
/** Requests that a listener of the busiest profile makes a second, with room for retries. */
const MOST_REQUESTS = 12;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === "help") {
      console.log(USAGE);
      return 0;
    }
    const report = await measure(options);
    console.log(toText(report));
    if (options.json !== null) writeFileSync(options.json, toJson(report));
    return complaints(report).length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    console.error(`${error.message} See --help.`);
    return 2;
  }
}

async function measure(options: Options): Promise<Report> {
  const own = options.target === null ? await startOwn(options.isolates) : null;
  const desk: Desk = own ?? { url: options.target ?? "", adminToken: adminToken() };
  const groups = allot(options.listeners, options.mix);
  const shows: Show[] = [];
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
  /** One for each group. */
  readonly shows: readonly Show[];
}

async function run(options: Options, { desk, own, groups, shows }: Setting): Promise<Report> {
  const idle = await idleCpu(own);
  const before = await allReads(desk, shows);
  const seconds = options.ramp + options.duration;
  const notes: Notes = {
    traffic: {
      requests: 0,
      bytes: 0,
      failures: new Map(),
      limit: options.listeners * seconds * MOST_REQUESTS,
    },
    objects: new Objects(),
    delivery: new Histogram(),
    latency: new Histogram(),
    lists: new Lists(),
  };
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const startCounts = await own?.counts();
  const began = now();
  const startCpu = {
    relay: own?.cpu() ?? 0,
    group: own?.groupCpu() ?? 0,
    machine: machineBusy(),
    generator: process.cpuUsage(),
  };
  const crowd = new Crowd(notes);
  const progress = setInterval(() => console.log(crowd.line(now() - began)), 2_000);
  const playbackUrls = spread(
    groups.map(([, count], g) => ({ count, playbackUrl: shows[g]?.playbackUrl ?? "" })),
    own?.edges ?? [desk.url],
  );
  for (const [n, playbackUrl] of playbackUrls.entries()) {
    const due = began + (n * options.ramp * 1000) / playbackUrls.length;
    if (due > now() + 1) await sleep(due - now());
    crowd.join(playbackUrl);
  }
  const full = { at: now(), relay: own?.cpu() ?? 0, requests: notes.traffic.requests };
  await sleep(options.duration * 500);
  const leftAtOnce = await crowd.leave(Math.round(options.exitSpike * options.listeners));
  await sleep(options.duration * 500);
  const ended = now();
  const endCpu = {
    relay: own?.cpu() ?? 0,
    group: own?.groupCpu() ?? 0,
    machine: machineBusy(),
    generator: process.cpuUsage(startCpu.generator),
  };
  const generatorCpu = (endCpu.generator.user + endCpu.generator.system) / 1000;
  const endCounts = await own?.counts();
  const { requests } = notes.traffic;
  clearInterval(progress);
  lag.disable();
  const generatorLag = lag.count === 0 ? null : percentilesOf(lag);
  await crowd.leave(options.listeners);
  await sleep(COUNT_MS);
  const fetches = subtract(await allReads(desk, shows), before);
  // Of the same time as the reads, or a list of in between would pass for one that was waited for.
  const settled = await own?.counts();
  const plainLists = startCounts && settled ? settled.plainLists - startCounts.plainLists : null;
  const elapsed = (ended - began) / 1000;
  const perSecond = (object: "broadcast" | "audience"): number | null =>
    startCounts && endCounts ? (endCounts[object] - startCounts[object]) / elapsed : null;
  const { listenerSeconds } = crowd;
  const cpu = endCpu.relay - startCpu.relay - idle * elapsed;
  const relayCpu: Cpu | null =
    own === null
      ? null
      : {
          perListenerSecond: cpu / listenerSeconds,
          perRequest: cpu / requests,
          idle,
          share: (endCpu.relay - full.relay) / (ended - full.at),
        };
  return {
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`,
    relay: own === null ? desk.url : "its own",
    isolates: own?.edges.length ?? null,
    listeners: options.listeners,
    mix: Object.fromEntries(groups),
    rampSeconds: options.ramp,
    durationSeconds: options.duration,
    seconds: elapsed,
    listenerSeconds,
    ...crowd.outcome,
    leftAtOnce,
    latency: notes.latency.read(),
    delivery: notes.delivery.read(),
    requests,
    requestsPerSecond: (requests - full.requests) / ((ended - full.at) / 1000),
    bytes: notes.traffic.bytes,
    failures: Object.fromEntries(notes.traffic.failures),
    originFetches: notes.objects.against(fetches, plainLists),
    originReadsPerSecond: Object.values(fetches).reduce((sum, count) => sum + count, 0) / elapsed,
    broadcastPerSecond: perSecond("broadcast"),
    audiencePerSecond: own?.hasAudience === false ? "stub" : perSecond("audience"),
    relayCpu,
    generatorCpu: generatorCpu / listenerSeconds,
    othersCpu:
      (endCpu.machine - startCpu.machine - (endCpu.group - startCpu.group) - generatorCpu) /
      (1000 * elapsed * cpus().length),
    generatorLag,
  };
}

/** What the shows cost the runtime without listeners, ms a second. */
async function idleCpu(own: Own | null): Promise<number> {
  const before = own?.cpu() ?? 0;
  await sleep(IDLE_MS);
  return ((own?.cpu() ?? 0) - before) / (IDLE_MS / 1000);
}

async function allReads(desk: Desk, shows: readonly Show[]): Promise<Record<string, number>> {
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

/** Nanoseconds in, ms out. The histogram holds the sampling's own interval as well. */
function percentilesOf(lag: ReturnType<typeof monitorEventLoopDelay>) {
  const at = (percentile: number): number => Math.max(0, Math.round(lag.percentile(percentile) / 1e6) - 10);
  return { p50: at(50), p95: at(95), p99: at(99), max: Math.max(0, Math.round(lag.max / 1e6) - 10) };
}

function adminToken(): string {
  const token = process.env.ADMIN_TOKEN ?? "";
  if (token === "") throw new Misuse("--target needs the relay's admin token in ADMIN_TOKEN.");
  return token;
}
