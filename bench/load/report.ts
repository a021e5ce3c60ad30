import type { Percentiles } from "./histogram.ts";
import type { Cost, Fetches } from "./objects.ts";

/** The results of a run. Times are milliseconds unless the name says otherwise. */
export interface Report {
  readonly machine: string;
  readonly relay: string;
  /** The number of edge isolates among which the listeners were divided; null if the target's is unknown. */
  readonly isolates: number | null;
  readonly listeners: number;
  readonly mix: Readonly<Record<string, number>>;
  readonly rampSeconds: number;
  readonly durationSeconds: number;
  /** How long there were listeners. */
  readonly seconds: number;
  /** Sum of the listening times of all listeners. */
  readonly listenerSeconds: number;
  readonly joined: number;
  readonly failedJoins: number;
  /** Listeners that played and then gave up. */
  readonly givenUp: number;
  readonly stalls: number;
  readonly stalledFor: number;
  /** Listeners that left at the same moment. */
  readonly leftAtOnce: number;
  readonly latency: Percentiles | null;
  readonly delivery: Percentiles | null;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly bytes: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Null for another kind of server. */
  readonly originFetches: Fetches | null;
  readonly originReadsPerSecond: number | null;
  /** Requests to all Broadcast objects, without the hosts' sound; null if the target's are unknown. */
  readonly broadcastPerSecond: number | null;
  /** Requests to all Audience objects. "stub": the edges reported to stubs. */
  readonly audiencePerSecond: number | "stub" | null;
  /** CPU time per listener-second; null if the relay runs elsewhere. */
  readonly relayCpu: Cpu | null;
  readonly generatorCpu: number;
  /** Share of the whole machine's CPU that other processes used, the shows' hosts included. */
  readonly othersCpu: number;
  /** How late the load generator's timers were. Above some 100 ms the generator itself limits the results. */
  readonly generatorLag: Percentiles | null;
}

export interface Cpu {
  /** CPU time of the runtime, without the show's cost when it has no listeners. */
  readonly perListenerSecond: number;
  readonly perRequest: number;
  /** The show's cost without listeners, ms per second. */
  readonly idle: number;
  /** Share of one core that the runtime used while all listeners were there. */
  readonly share: number;
}

/** The most fetches of one immutable object per isolate. The goal is 1; an object cached in two places is counted more often. */
const MOST_FETCHES = 1.02;

/**
 * Returns the problems of a run, a sentence each. There are none if every listener played without failures, and the origin had
 * no more load than from one listener. If the number of isolates is unknown, fetches per object are not checked.
 */
export function complaints(report: Report): string[] {
  const { failedJoins, givenUp, stalls, stalledFor } = report;
  const all: string[] = [];
  if (failedJoins > 0) all.push(`${failedJoins} listeners could not join.`);
  if (givenUp > 0) all.push(`${givenUp} listeners gave up.`);
  if (stalls > 0) all.push(`There were ${stalls} stalls, ${seconds(stalledFor)} s in all.`);
  if (report.isolates === null || report.originFetches === null) return all;
  for (const [kind, cost] of Object.entries(report.originFetches.lasting)) {
    if (cost.fetches <= MOST_FETCHES * cost.objects) continue;
    all.push(`Each ${kind} was fetched ${perObject(cost)} times by an isolate (at most ${MOST_FETCHES}).`);
  }
  return all;
}

/**
 * Returns the inputs of the simulation (bench/scale) that a run measured, by their names there. CPU per request is the whole
 * runtime's, origin included. Requests per listener are known only if all listeners have one profile and stay.
 */
function constantsOf(report: Report): Record<string, number> {
  const { mix, listeners, leftAtOnce, requestsPerSecond, relayCpu } = report;
  if (report.originFetches === null) return {}; // another kind of server does not concern the simulation
  const [profile, ...others] = Object.keys(mix);
  const constants: Record<string, number> = {};
  if (relayCpu !== null) constants.edgeCpuMs = relayCpu.perRequest;
  if (others.length === 0 && leftAtOnce === 0)
    constants[`${profile}Requests`] = requestsPerSecond / listeners;
  return constants;
}

/** Returns the report as JSON. */
export function toJson(report: Report): string {
  return `${JSON.stringify({ ...report, constants: constantsOf(report) }, null, 2)}\n`;
}

/** Returns the report as text. */
export function toText(report: Report): string {
  const { relayCpu, latency, delivery, generatorLag } = report;
  const rows: [string, string][] = [
    ["machine", report.machine],
    ["relay", `${report.relay}, ${isolates(report.isolates)} of the edge`],
    [
      "listeners",
      `${report.listeners} (${Object.entries(report.mix)
        .map(([profile, count]) => `${count} ${profile}`)
        .join(", ")}), joining over ${report.rampSeconds} s, then ${report.durationSeconds} s`,
    ],
    ["joined", `${report.joined}, failed joins ${report.failedJoins}, gave up ${report.givenUp}`],
    ["stalls", `${report.stalls} (${seconds(report.stalledFor)} s)`],
    ["left in one instant", String(report.leftAtOnce)],
    ["behind live", percentiles(latency)],
    ["part due to part here", percentiles(delivery)],
    [
      "requests",
      `${report.requests}, ${report.requestsPerSecond.toFixed(0)} a second, ${(report.bytes / 1e6).toFixed(1)} MB`,
    ],
    ["failed requests", counts(report.failures)],
    ...originRows(report),
    ["relay's CPU", relayCpu === null ? "not measured: it runs elsewhere" : cpu(relayCpu)],
    ["generator's CPU", `${report.generatorCpu.toFixed(2)} ms per listener-second`],
    ["generator's lag", percentiles(generatorLag)],
    ["all else here", `${(report.othersCpu * 100).toFixed(0)} % of the machine`],
  ];
  const problems = complaints(report);
  const verdict = problems.length === 0 ? "Every listener joined, and none stalled." : problems.join(" ");
  return `${rows.map(([name, value]) => `${name.padEnd(24)}${value}`).join("\n")}\n\n${verdict}`;
}

/** Formats the fetches per object with two decimals, or as a dash if there were no objects. */
export function perObject({ fetches, objects }: Cost): string {
  return objects === 0 ? "-" : (fetches / objects).toFixed(2);
}

/** Rows of fetches: of immutable objects per object; of others per second, isolate and show, each of which caches separately. */
function originRows(report: Report): [string, string][] {
  const { originFetches, originReadsPerSecond, isolates, mix, seconds } = report;
  if (originFetches === null) return [];
  const { lasting, brief } = originFetches;
  const by = isolates === null ? "by all isolates" : "by an isolate";
  const row = (name: string, cost: Cost): [string, string] => [
    `  ${name}`,
    `${perObject(cost)} ${by} (${cost.fetches} fetches, ${cost.objects} objects)`,
  ];
  const costs = Object.values(lasting);
  const all: Cost = {
    fetches: costs.reduce((sum, { fetches }) => sum + fetches, 0),
    objects: costs.reduce((sum, { objects }) => sum + objects, 0),
  };
  const keepers = (isolates ?? 1) * Object.keys(mix).length;
  return [
    ["origin reads", `${(originReadsPerSecond ?? Number.NaN).toFixed(2)} a second`],
    ...Object.entries(lasting).map(([kind, cost]) => row(`of each ${kind}`, cost)),
    row("of all that last", all),
    ...Object.entries(brief).map(([kind, fetches]): [string, string] => [
      `  ${kind}`,
      `${(fetches / seconds / keepers).toFixed(2)} a second ${by} (${fetches} fetches)`,
    ]),
    ["Broadcast", objectRate(report.broadcastPerSecond)],
    ["Audience", objectRate(report.audiencePerSecond)],
  ];
}

function isolates(count: number | null): string {
  if (count === null) return "not known how many isolates";
  return `${count} isolate${count === 1 ? "" : "s"}`;
}

function objectRate(perSecond: number | "stub" | null): string {
  if (perSecond === null) return "not known: the relay does not tell";
  if (perSecond === "stub") return "not measured: isolates of their own report to a stub in its place";
  return `${perSecond.toFixed(2)} requests a second`;
}

function cpu({ perListenerSecond, perRequest, idle, share }: Cpu): string {
  return [
    `${perListenerSecond.toFixed(2)} ms per listener-second, ${(perRequest * 1000).toFixed(0)} us per request`,
    `${(share * 100).toFixed(0)} % of a core (${(idle / 10).toFixed(1)} % without listeners)`,
  ].join("; ");
}

function percentiles(values: Percentiles | null): string {
  if (values === null) return "nothing measured";
  return `p50 ${values.p50}  p95 ${values.p95}  p99 ${values.p99}  max ${values.max} ms`;
}

function counts(of: Readonly<Record<string, number>>): string {
  const all = Object.entries(of).map(([name, count]) => `${count} x ${name}`);
  return all.length === 0 ? "none" : all.join(", ");
}

function seconds(millis: number): string {
  return (millis / 1000).toFixed(1);
}
