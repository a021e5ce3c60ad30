import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openShow } from "../test/kit/desk.ts";
import { Histogram } from "./load/histogram.ts";
import { Listener, Lists } from "./load/listener.ts";
import { Objects } from "./load/objects.ts";
import { startHosts, startLocalRelay } from "./load/own.ts";

/**
 * `npm run soak`: runs relays under a steady load for 14 minutes and checks that the runtime's resident memory stays constant.
 * It grows at first under any load, because code is compiled and V8 lets heaps grow before it collects. So the last value is
 * compared to the one at 6 minutes, and may be 10 % larger.
 */

/** The load on one relay. */
interface Load {
  readonly name: string;
  /** The number of shows; each has one listener. */
  readonly shows: number;
  readonly hasHosts: boolean;
}

const LOADS: readonly Load[] = [
  { name: "one show with a host", shows: 1, hasHosts: true },
  // As many parts, segments and requests as one show has in 140 minutes, so that hourly effects appear too.
  { name: "ten shows without one", shows: 10, hasHosts: false },
];
const MINUTES = [2, 6, 10, 14];
const REFERENCE_MINUTE = 6;
const MAX_GROWTH = 1.1;

const { values } = parseArgs({ options: { quick: { type: "boolean" } } });
/** With `--quick` a minute lasts a second, which tests the command itself. */
const minute = values.quick === true ? 1_000 : 60_000;

const verdicts = await Promise.all(LOADS.map(soak));
process.exitCode = verdicts.every((standsStill) => standsStill) ? 0 : 1;

async function soak(load: Load): Promise<boolean> {
  const own = await startLocalRelay(0);
  try {
    const shows = await Promise.all(Array.from({ length: load.shows }, () => openShow(own, "low")));
    const hosts = load.hasHosts ? await startHosts(shows) : null;
    const listeners = shows.map(({ playbackUrl }) => listen(playbackUrl));
    const began = performance.now();
    const megabytes = new Map<number, number>();
    for (const at of MINUTES) {
      await sleep(began + at * minute - performance.now());
      if (listeners.some(({ hasFailed }) => hasFailed))
        throw new Error("A listener gave up: what is measured is no show.");
      megabytes.set(at, own.memory() / 1e6);
      console.log(`${load.name}, minute ${String(at).padStart(2)}: ${megabytes.get(at)?.toFixed(1)} MB`);
    }
    const played = await Promise.all(listeners.map((listener) => listener.leave()));
    await hosts?.stop();
    const stalls = played.reduce((sum, { stalls }) => sum + stalls, 0);
    return judge(load, megabytes, stalls);
  } finally {
    await own.stop();
  }
}

function listen(playbackUrl: string): Listener {
  const listener = new Listener(playbackUrl, {
    traffic: { requests: 0, bytes: 0, failures: new Map(), limit: Number.POSITIVE_INFINITY },
    objects: new Objects(),
    start: new Histogram(),
    delivery: new Histogram(),
    latency: new Histogram(),
    lists: new Lists(),
  });
  void listener.play();
  return listener;
}

function judge({ name }: Load, megabytes: ReadonlyMap<number, number>, stalls: number): boolean {
  const [reference = Number.NaN, last = Number.NaN] = [REFERENCE_MINUTE, MINUTES.at(-1) ?? 0].map((at) =>
    megabytes.get(at),
  );
  const ratio = last / reference;
  const standsStill = ratio <= MAX_GROWTH;
  console.log(
    `${name}: ${standsStill ? "stands still" : "GROWS"}, x ${ratio.toFixed(3)} from minute ${REFERENCE_MINUTE} on (at most ${MAX_GROWTH}); ${stalls} stalls`,
  );
  return standsStill;
}
