import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { machineBusy } from "../../test/kit/cpu.ts";
import { Crowd } from "./crowd.ts";
import { Histogram, type Percentiles } from "./histogram.ts";
import { Lists, type Notes, now } from "./listener.ts";
import { Objects } from "./objects.ts";

/** Requests per second of a listener of the busiest profile, with a margin for retries. */
const MOST_REQUESTS = 12;

/** A crowd of listeners for a server. `playbackUrls` has one URL for each listener, in joining order. */
export interface Turn {
  readonly playbackUrls: readonly string[];
  /** Seconds over which they join, and seconds that all of them stay after that. */
  readonly ramp: number;
  readonly duration: number;
  /** The share of them that leaves at one moment, half way through the duration. */
  readonly exitSpike: number;
  /** CPU time that the server's runtime has used so far, and that of all the benchmark's other processes, ms. */
  readonly cpu: () => { readonly server: number; readonly group: number };
}

/** What a crowd received and what it cost. CPU times are milliseconds. */
export interface Taken {
  readonly notes: Notes;
  readonly outcome: Crowd["outcome"];
  readonly listenerSeconds: number;
  readonly leftAtOnce: number;
  /** How long there were listeners, seconds. */
  readonly seconds: number;
  readonly requests: number;
  /** The rate once all were there. */
  readonly requestsPerSecond: number;
  readonly serverCpu: number;
  /** Share of one core that the server used once all were there. */
  readonly serverShare: number;
  readonly generatorCpu: number;
  /** CPU of the machine outside the benchmark's processes. */
  readonly othersCpu: number;
  readonly generatorLag: Percentiles | null;
}

/** Makes the crowd join, stay and leave; prints its state every two seconds. */
export async function take({ playbackUrls, ramp, duration, exitSpike, cpu }: Turn): Promise<Taken> {
  const listeners = playbackUrls.length;
  const notes: Notes = {
    traffic: {
      requests: 0,
      bytes: 0,
      failures: new Map(),
      limit: listeners * (ramp + duration) * MOST_REQUESTS,
    },
    objects: new Objects(),
    start: new Histogram(),
    delivery: new Histogram(),
    latency: new Histogram(),
    lists: new Lists(),
  };
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  const began = now();
  const start = { ...cpu(), machine: machineBusy(), generator: process.cpuUsage() };
  const crowd = new Crowd(notes);
  const progress = setInterval(() => console.log(crowd.line(now() - began)), 2_000);
  for (const [n, playbackUrl] of playbackUrls.entries()) {
    const due = began + (n * ramp * 1000) / listeners;
    if (due > now() + 1) await sleep(due - now());
    crowd.join(playbackUrl);
  }
  const full = { at: now(), server: cpu().server, requests: notes.traffic.requests };
  await sleep(duration * 500);
  const leftAtOnce = await crowd.leave(Math.round(exitSpike * listeners));
  await sleep(duration * 500);
  const ended = now();
  const end = { ...cpu(), machine: machineBusy(), generator: process.cpuUsage(start.generator) };
  const generatorCpu = (end.generator.user + end.generator.system) / 1000;
  const { requests } = notes.traffic;
  clearInterval(progress);
  lag.disable();
  const generatorLag = lag.count === 0 ? null : percentilesOf(lag);
  await crowd.leave(listeners);
  return {
    notes,
    outcome: crowd.outcome,
    listenerSeconds: crowd.listenerSeconds,
    leftAtOnce,
    seconds: (ended - began) / 1000,
    requests,
    requestsPerSecond: (requests - full.requests) / ((ended - full.at) / 1000),
    serverCpu: end.server - start.server,
    serverShare: (end.server - full.server) / (ended - full.at),
    generatorCpu,
    othersCpu: end.machine - start.machine - (end.group - start.group) - generatorCpu,
    generatorLag,
  };
}

/** Converts nanoseconds to ms. The histogram's values include the sampling interval, which is subtracted. */
function percentilesOf(lag: ReturnType<typeof monitorEventLoopDelay>): Percentiles {
  const at = (percentile: number): number => Math.max(0, Math.round(lag.percentile(percentile) / 1e6) - 10);
  return { p50: at(50), p95: at(95), p99: at(99), max: Math.max(0, Math.round(lag.max / 1e6) - 10) };
}
