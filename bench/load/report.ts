import type { Percentiles } from "./histogram.ts";
import type { Cost, Fetches } from "./objects.ts";

/** What a run found. Times are milliseconds unless the name says otherwise. */
export interface Report {
  readonly machine: string;
  readonly relay: string;
  /** Isolates of the edge that the listeners were divided among. Null where the target does not tell. */
  readonly isolates: number | null;
  readonly listeners: number;
  readonly mix: Readonly<Record<string, number>>;
  readonly rampSeconds: number;
  readonly durationSeconds: number;
  /** How long there were listeners. */
  readonly seconds: number;
  /** Sum of the time that each listener was there. */
  readonly listenerSeconds: number;
  readonly joined: number;
  readonly failedJoins: number;
  /** Listeners that played and then gave up. */
  readonly givenUp: number;
  readonly stalls: number;
  readonly stalledFor: number;
  /** Listeners that left in one instant. */
  readonly leftAtOnce: number;
  readonly latency: Percentiles | null;
  readonly delivery: Percentiles | null;
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly bytes: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Null of a server that is none of ours. */
  readonly originFetches: Fetches | null;
  readonly originReadsPerSecond: number | null;
  /** Requests to all Broadcast objects, besides the hosts' sound. Null where the target does not tell. */
  readonly broadcastPerSecond: number | null;
  /** Requests to all Audience objects. "stub": the edges' isolates reported to none. */
  readonly audiencePerSecond: number | "stub" | null;
  /** CPU time per listener-second. Null where the relay runs elsewhere. */
  readonly relayCpu: Cpu | null;
  readonly generatorCpu: number;
  /** Share of the whole machine that others took meanwhile, the shows' hosts among them. */
  readonly othersCpu: number;
  /** How late the generator's own timers were: above some 100 ms it is the generator that is measured. */
  readonly generatorLag: Percentiles | null;
}

export interface Cpu {
  /** Of the runtime, less what the show costs without listeners. */
  readonly perListenerSecond: number;
  readonly perRequest: number;
  /** What the show costs without listeners, ms a second. */
  readonly idle: number;
  /** Share of one core that the runtime took while all were there. */
  readonly share: number;
}

/** Fetches of one lasting object by one isolate, at most: the goal is one, and what is more is one kept in two places. */
const MOST_FETCHES = 1.02;

/**
 * What is wrong with a run, one sentence each; nothing where the listeners had nothing to complain of and were no more to
 * the origin than one of them is. How often a relay may fetch an object is not known where its isolates are not.
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
 * What a run measured of what the simulation (bench/scale) is driven by, by the names it has there. CPU per request is the
 * whole runtime's, the origin's share included; requests per listener are known only where all are of one profile and stay.
 */
export function constantsOf(report: Report): Record<string, number> {
  const { mix, listeners, leftAtOnce, requestsPerSecond, relayCpu } = report;
  if (report.originFetches === null) return {}; // of another server they are none of ours
  const [profile, ...others] = Object.keys(mix);
  const constants: Record<string, number> = {};
  if (relayCpu !== null) constants.edgeCpuMs = relayCpu.perRequest;
  if (others.length === 0 && leftAtOnce === 0)
    constants[`${profile}Requests`] = requestsPerSecond / listeners;
  return constants;
}

/** The report as JSON, for other programs. */
export function toJson(report: Report): string {
  return `${JSON.stringify({ ...report, constants: constantsOf(report) }, null, 2)}\n`;
}

/** The report as people read it. */
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

/** Fetches of an object, to two digits; a dash where there were no objects to speak of. */
export function perObject({ fetches, objects }: Cost): string {
  return objects === 0 ? "-" : (fetches / objects).toFixed(2);
}

/** What lasts by object; what does not by the second, for each isolate and show, either of which keeps its own. */
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
