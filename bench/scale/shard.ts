import { type Answer, FLOOR_MS, firstMs, Pace } from "../../src/audience/pace.ts";
import { Dice } from "./dice.ts";

/** How the busiest Audience shard of a show fared. */
export interface ShardLoad {
  /** Isolates that report to it. */
  readonly isolates: number;
  /** The most reports in a second. */
  readonly peak: number;
  /** Seconds from one report of an isolate to its next, on average over the last minute; ten where there are no isolates. */
  readonly everySeconds: number;
}

const TICK_MS = 100;
/** The last of the show, over which reports are counted, in seconds. */
const SETTLED = 60;

/**
 * Lets the isolates of the busiest of `shards` report as the real controller (src/audience/pace.ts) answers them.
 *
 * @param births when each isolate came to be, in seconds of the show; which shard it reports to is its own throw
 */
export function loadOfBusiest(
  births: readonly number[],
  shards: number,
  seconds: number,
  seed: number,
): ShardLoad {
  const dice = new Dice(seed);
  const byShard: number[][] = Array.from({ length: shards }, () => []);
  for (const birth of births) byShard[Math.floor(dice.unit() * shards)]?.push(birth);
  const busiest = byShard.reduce((most, own) => (own.length > most.length ? own : most));

  const pace = new Pace("boot", 0);
  const due = new Map<number, (Answer | undefined)[]>();
  const plan = (ms: number, previous: Answer | undefined) => {
    const tick = Math.ceil(ms / TICK_MS);
    const planned = due.get(tick);
    if (planned) planned.push(previous);
    else due.set(tick, [previous]);
  };
  for (const birth of busiest) plan(1000 * (birth + dice.unit()) + firstMs(dice.unit()), undefined);
  const load = new Uint32Array(seconds);
  for (let tick = 0; tick * TICK_MS < 1000 * seconds; tick++) {
    const ms = tick * TICK_MS;
    for (const previous of due.get(tick) ?? []) {
      const second = Math.floor(ms / 1000);
      load[second] = (load[second] ?? 0) + 1;
      const answer = pace.answer(ms, previous);
      plan(ms + answer.afterMs, answer);
    }
    due.delete(tick);
  }
  const settled = load.slice(-SETTLED).reduce((sum, count) => sum + count, 0);
  return {
    isolates: busiest.length,
    peak: load.reduce((most, count) => Math.max(most, count), 0),
    everySeconds: busiest.length === 0 ? FLOOR_MS / 1000 : (SETTLED * busiest.length) / Math.max(1, settled),
  };
}
