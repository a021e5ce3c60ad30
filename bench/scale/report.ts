import { CAP } from "../../src/audience/cap.ts";
import { PRICES } from "./bill.ts";
import type { Constants } from "./constants.ts";
import type { CopyLoad } from "./lifeboat.ts";
import { BROADCAST_GOAL, type Run, SHARD_GOAL } from "./run.ts";

/** Returns the simulation's inputs and the prices, which are printed with every result. */
export function premises(constants: Constants, seed: number): string {
  const lines = Object.entries(constants).map(
    ([name, { value, unit, basis, source }]) =>
      `  ${name.padEnd(20)}${`${Number(value.toPrecision(4))} ${unit}`.padEnd(16)}${basis.padEnd(10)}${source}`,
  );
  const prices = Object.values(PRICES).map(
    ({ dollars, per, source }) => `  $${String(dollars).padEnd(7)}per ${per.padEnd(62)}${source}`,
  );
  return [
    `Driven by (seed ${seed})`,
    ...lines,
    "",
    "Taken for granted besides",
    "  a listener's requests go to any isolate of one data centre; isolates do not end during the show",
    "  every listener plays at the live edge and asks for each object once; no attacks, no stalls, no replay",
    "  both tiers collapse requests for one key, however long the origin holds them (no lock timeout is documented)",
    "  R2 answers none of the origin's reads, so the Broadcast gets every one that reaches the origin",
    "  the CDN's answers from its cache cost nothing; R2 answers what is not there, once for a data centre or an upper tier",
    "  reports to Audience shards are not lost; shards report upwards every 10 s",
    `  no two listeners have one seat: that an address counts as ${CAP.address} at most and its /24 or /48 as ${CAP.prefix} is not modelled`,
    "",
    "List prices, nothing included in a plan taken off",
    ...prices,
  ].join("\n");
}

/** Returns a table of the runs of one profile, a line for each size. */
export function table(runs: readonly Run[]): string {
  const head = [
    "listeners",
    "edge/s",
    "isolates",
    "lower/s",
    "upper/s",
    "Broadcast/s",
    "shard/s",
    "report every",
    "count error",
    "trails",
    "$/listener-h",
    "$/h",
  ];
  const rows = runs.map(({ outcome, shard, count, dollarsPerListenerHour }) => [
    short(outcome.listeners),
    short(outcome.edge.peak),
    short(outcome.isolates),
    short(outcome.lower.peak),
    short(outcome.upper.peak),
    verdict(outcome.origin.peak, BROADCAST_GOAL),
    verdict(shard.peak, SHARD_GOAL),
    `${shard.everySeconds.toFixed(0)} s`,
    count.missing > 0
      ? `-${(100 * count.missing).toFixed(0)} % LOW`
      : `${(100 * count.sketch).toFixed(2)} % (95: ${(100 * count.error95).toFixed(2)} %)`,
    `${(100 * count.trailing).toFixed(0)} %`,
    dollarsPerListenerHour.toExponential(2),
    (dollarsPerListenerHour * outcome.listeners).toFixed(2),
  ]);
  return aligned([head, ...rows]);
}

/** Returns a table of shows that are played only from the copy, a line for each size. */
export function copyTable(loads: readonly CopyLoad[]): string {
  const head = ["listeners", "CDN/s", "upper/s", "R2/s", "R2/s untiered", "$/listener-h", "$/h"];
  const rows = loads.map((load) => [
    short(load.listeners),
    short(load.edge),
    short(load.upper),
    load.bucket.toFixed(1),
    short(load.untieredBucket),
    load.dollarsPerListenerHour.toExponential(2),
    (load.dollarsPerListenerHour * load.listeners).toFixed(3),
  ]);
  return aligned([head, ...rows]);
}

/** Returns lines about the failover to the copy and back, for one number of listeners. */
export function failoverLines({ listeners, failover }: CopyLoad, constants: Constants): string {
  const { failoverSeconds, returnSeconds } = constants;
  return [
    `Where every Worker fails at once, with ${short(listeners)} listeners:`,
    `  our pages are on the copy within ${failoverSeconds.value} s: ${short(failover.edge)} requests a second to the CDN, which asks R2 once for each object`,
    "  players of the playback URL with ?lifeboat=1 follow where they know redundant variants: hls.js, Shaka and video.js; native ones stop",
    "  players of the plain playback URL stop, and so does the count; hosts, and what R2 gets, need the Broadcast alone",
    `  when the Workers are back, pages come back within ${returnSeconds.value} s: ${short(failover.back)} requests a second`,
  ].join("\n");
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  ")).join("\n");
}

/** Returns a line about the requests of our page for the show's status, in the busiest second of each tier. */
export function pageLine({ outcome: { status } }: Run): string {
  const { edge, lower, upper, origin } = status;
  const rates = [edge, lower, upper, origin].map(({ peak }) => short(peak));
  return ["edge", "lower", "upper", "Broadcast"].map((tier, i) => `${tier} ${rates[i]}/s`).join(", ");
}

/** Returns a run's costs, the largest first; items below a thousandth of the total are omitted. */
export function breakdown({ bill, outcome, dollarsPerListenerHour }: Run): string {
  const total = dollarsPerListenerHour * outcome.listeners;
  return [...bill]
    .sort((a, b) => b.dollars - a.dollars)
    .filter(({ dollars }) => dollars >= total / 1000)
    .map(({ what, dollars }) => `${what} ${((100 * dollars) / total).toFixed(1)} %`)
    .join(", ");
}

/** Formats 12,345,678 as 12.3M. */
export function short(count: number): string {
  if (count < 10_000) return String(Math.round(count));
  return count < 1e6
    ? `${Number((count / 1e3).toPrecision(3))}k`
    : `${Number((count / 1e6).toPrecision(3))}M`;
}

function verdict(peak: number, goal: number): string {
  return `${peak} ${peak <= goal ? "ok" : `OVER ${goal}`}`;
}
