import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { GROW_ABOVE, Growth } from "../../src/audience/growth.ts";
import type { Latency } from "../../src/media.ts";
import { exitCodeOf, Misuse } from "../misuse.ts";
import { countingOf } from "./bill.ts";
import { type Constants, constantsOf, type Measured } from "./constants.ts";
import { copyOf } from "./lifeboat.ts";
import { picture } from "./picture.ts";
import { breakdown, copyTable, failoverLines, pageLine, premises, short, table } from "./report.ts";
import { BROADCAST_GOAL, type Run, runOf, SHARD_GOAL, TOP_GOAL } from "./run.ts";
import { playShow, untiered } from "./show.ts";

const USAGE = `npm run scale -- [options]

Simulates a show of ten thousand to eight million listeners in each latency profile: the busiest second of each tier, the
Audience shards, the count's error and the bill; and the same show heard from its copy without a Worker. What drives it is
printed first, each number with whether it was measured, is deployed so, or is assumed.

  --measured FILE  takes what it can from a report of \`npm run load -- --json FILE\` or \`npm run bench:edge -- --json FILE\`
                   instead of assuming it. May be given more than once: of a figure that two files have, the later file's is used
  --seed N         of the dice (default 1)
  --out FILE       the picture (default dist/scale.svg)
  --help           this text`;

const SIZES = [1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 8e6];
/** Numbers of isolates for which the monthly cost of counting is printed: small shows, and full shards. */
const COUNTED = [1, 8, GROW_ABOVE, 4 * GROW_ABOVE, 16 * GROW_ABOVE, 64 * GROW_ABOVE];
const PROFILES: readonly Latency[] = ["low", "balanced", "economy"];

const ROOT = join(import.meta.dirname, "../..");

process.exitCode = await exitCodeOf(main);

function main(): number {
  const { measured, seed, out, help } = parse();
  if (help) console.log(USAGE);
  else simulate(readConstants(measured), Number(seed), out);
  return 0;
}

function parse() {
  try {
    const { values } = parseArgs({
      options: {
        measured: { type: "string", multiple: true, default: [] },
        seed: { type: "string", default: "1" },
        out: { type: "string", default: "dist/scale.svg" },
        help: { type: "boolean", default: false },
      },
    });
    if (!/^\d{1,9}$/.test(values.seed)) throw new Error("--seed must be a whole number.");
    return values;
  } catch (error) {
    throw new Misuse((error as Error).message);
  }
}

function readConstants(files: readonly string[]): Constants {
  const measured = files.map((file): Measured => {
    try {
      const one = { file, report: JSON.parse(readFileSync(file, "utf8")) };
      // Checks each report alone, so that an error can name its file.
      constantsOf([one]);
      return one;
    } catch (error) {
      throw new Misuse(`${file} can not be used: ${(error as Error).message}.`);
    }
  });
  return constantsOf(measured);
}

/** Prints the fourth way to listen: the copy, which no Worker serves. Its segments are the same in `low` and `balanced`. */
function sayCopy(constants: Constants, seed: number): void {
  for (const latency of ["balanced", "economy"] as const) {
    const loads = SIZES.map((listeners) => copyOf(listeners, latency, constants, seed));
    const names = latency === "balanced" ? "low and balanced" : latency;
    console.log(
      `lifeboat, of ${names}: a second, once all have come; dollars beside what the show costs whoever listens\n${copyTable(loads)}`,
    );
    const largest = loads.at(-1);
    if (latency === "economy" || largest === undefined) continue;
    console.log(`${failoverLines(largest, constants)}\n`);
  }
  console.log("");
}

function simulate(constants: Constants, seed: number, out: string): void {
  const started = performance.now();

  console.log(`${premises(constants, seed)}\n`);
  const runs: Run[] = [];
  for (const latency of PROFILES) {
    const own = SIZES.map((listeners) => runOf(listeners, latency, constants, seed));
    runs.push(...own);
    const largest = own.at(-1);
    console.log(`${latency}: the busiest second of each tier\n${table(own)}`);
    if (largest === undefined) continue;
    console.log(`of the requests, with the most listeners, for our page's status: ${pageLine(largest)}`);
    console.log(`of the money, with the most listeners: ${breakdown(largest)}\n`);
  }

  sayCopy(constants, seed);
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
  const busiest = runs.reduce((most, { shard }) => Math.max(most, shard.topPeak), 0);
  const shards = Math.max(...runs.map(({ shard }) => shard.shards));
  console.log(
    `Audience: up to ${shards} shards; the uppermost takes ${busiest} reports in the busiest second at the most, new isolates' first ones (goal ${TOP_GOAL}).`,
  );
  console.log("  counting for a month, day and night (isolates -> shards, dollars):");
  for (const isolates of COUNTED) {
    const shards = new Growth(1, 0).at(isolates, 0);
    console.log(
      `    ${short(isolates)} -> ${shards}: $${countingOf(shards, isolates / 10.5, constants).toFixed(2)}`,
    );
  }
  const over = runs.filter(
    ({ outcome, shard }) =>
      outcome.origin.peak > BROADCAST_GOAL || shard.peak > SHARD_GOAL || shard.topPeak > TOP_GOAL,
  );
  console.log(
    `Goals (Broadcast ${BROADCAST_GOAL}/s, shard ${SHARD_GOAL}/s, the uppermost of several ${TOP_GOAL}/s): kept in ${runs.length - over.length} of ${runs.length} runs.`,
  );

  const file = resolve(ROOT, out);
  const isMeasured = Object.values(constants).filter(({ basis }) => basis === "measured").length;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    picture(
      runs,
      `Simulated: ${constants.dataCentres.value} data centres, ${constants.upperTiers.value} upper tiers, all join within ${constants.surgeSeconds.value} s; ${isMeasured} constants measured, the others assumed (see the report)`,
    ),
  );
  console.log(`\nPicture: ${out}. ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}
