import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Latency } from "../../src/media.ts";
import { constantsOf, deployedShards } from "./constants.ts";
import { picture } from "./picture.ts";
import { breakdown, premises, short, table } from "./report.ts";
import { BROADCAST_GOAL, type Run, runOf, SHARD_GOAL } from "./run.ts";
import { loadOfBusiest } from "./shard.ts";
import { playShow, untiered } from "./show.ts";

/**
 * `npm run scale`: a show of ten thousand to eight million listeners, simulated. With `--measured FILE` the constants of a
 * load tool's report stand in for the assumed ones.
 */

const SIZES = [1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 8e6];
/** Seconds; slower reports miss the window (src/audience/figure.ts), and the count says that it is low. */
const SLOWEST_REPORT = 20;
const PROFILES: readonly Latency[] = ["low", "balanced", "economy"];

const { values } = parseArgs({
  options: {
    measured: { type: "string" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: "dist/scale.svg" },
  },
});
const root = join(import.meta.dirname, "../..");
const seed = Number(values.seed);
const measured: unknown =
  values.measured === undefined ? null : JSON.parse(readFileSync(values.measured, "utf8"));
const constants = constantsOf(measured, deployedShards(join(root, "wrangler.toml")));
const started = performance.now();

console.log(`${premises(constants, seed)}\n`);
const runs: Run[] = [];
for (const latency of PROFILES) {
  const own = SIZES.map((listeners) => runOf(listeners, latency, constants, seed));
  runs.push(...own);
  const largest = own.at(-1);
  console.log(`${latency}: the busiest second of each tier\n${table(own)}`);
  if (largest !== undefined) console.log(`of the money, with the most listeners: ${breakdown(largest)}\n`);
}

const most = SIZES.at(-1) ?? 0;
console.log(
  `The Broadcast with ${short(most)} listeners (goal ${BROADCAST_GOAL} requests in the busiest second)`,
);
for (const { outcome } of runs.filter(({ outcome }) => outcome.listeners === most)) {
  const objects = outcome.origin.peak / constants.upperTiers.value;
  const { origin } = playShow(most, outcome.latency, untiered(constants), seed);
  console.log(
    `  ${outcome.latency.padEnd(9)} kept with up to ${Math.floor(BROADCAST_GOAL / objects)} upper tiers; with none, ${origin.peak} requests`,
  );
}
const seconds = constants.surgeSeconds.value + constants.steadySeconds.value;
const crowd = runs.reduce(
  (largest, { outcome }) => (outcome.isolates > largest.isolates ? outcome : largest),
  {
    isolates: 0,
    births: [] as readonly number[],
  },
);
let shards = constants.audienceShards.value;
for (; ; shards *= 2) {
  const { peak, everySeconds } = loadOfBusiest(crowd.births, shards, seconds, seed + 1);
  if (peak <= SHARD_GOAL && everySeconds <= SLOWEST_REPORT) break;
}
console.log(
  `Audience shards: ${constants.audienceShards.value} deployed; the ${short(crowd.isolates)} isolates of the largest run need ${shards} to report within ${SLOWEST_REPORT} s at no more than ${SHARD_GOAL}/s.`,
);
const over = runs.filter(
  ({ outcome, shard }) => outcome.origin.peak > BROADCAST_GOAL || shard.peak > SHARD_GOAL,
);
console.log(
  `Goals (Broadcast ${BROADCAST_GOAL}/s, shard ${SHARD_GOAL}/s): kept in ${runs.length - over.length} of ${runs.length} runs.`,
);

const out = resolve(root, values.out);
const isMeasured = Object.values(constants).filter(({ source }) => source.startsWith("measured")).length;
mkdirSync(dirname(out), { recursive: true });
writeFileSync(
  out,
  picture(
    runs,
    `Simulated: ${constants.dataCentres.value} data centres, ${constants.upperTiers.value} upper tiers, all join within ${constants.surgeSeconds.value} s; ${isMeasured} constants measured, the others assumed (see the report)`,
  ),
);
console.log(`\nPicture: ${values.out}. ${((performance.now() - started) / 1000).toFixed(1)} s.`);
