import type { Latency } from "../../src/media.ts";
import { billOf, type Item, totalOf } from "./bill.ts";
import type { Constants } from "./constants.ts";
import { type CountError, countError } from "./count.ts";
import { loadOf, type ShardLoad } from "./shard.ts";
import { type Outcome, playShow } from "./show.ts";

/** The most requests per second to one object: a tenth and a fifth of the platform's documented limit (1,000). */
export const BROADCAST_GOAL = 100;
export const SHARD_GOAL = 200;
/** The same for the uppermost of several shards, which hears every new isolate once: half of the documented limit. */
export const TOP_GOAL = 500;

/** All results for one show of one size. */
export interface Run {
  readonly outcome: Outcome;
  readonly shard: ShardLoad;
  readonly count: CountError;
  readonly bill: readonly Item[];
  readonly dollarsPerListenerHour: number;
}

export function runOf(listeners: number, latency: Latency, constants: Constants, seed: number): Run {
  const outcome = playShow(listeners, latency, constants, seed);
  const seconds = constants.surgeSeconds.value + constants.steadySeconds.value;
  const shard = loadOf(outcome.births, seconds, seed + 1);
  const bill = billOf(outcome, shard, constants);
  return {
    outcome,
    shard,
    count: countError(outcome.present, shard.everySeconds, seed + 2),
    bill,
    dollarsPerListenerHour: totalOf(bill) / listeners,
  };
}
