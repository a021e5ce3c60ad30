import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Histogram } from "./load/histogram.ts";
import { Listener, Lists } from "./load/listener.ts";
import { Objects } from "./load/objects.ts";
import { startHosts, startOwn } from "./load/own.ts";
import { openShow } from "./load/show.ts";

/**
 * `npm run soak`: one show with one host and one listener for 14 minutes; the runtime's resident memory must stand still.
 * It grows at first, whatever it runs: code is compiled, and V8 lets its heap grow before it collects. So the last look is
 * held against one at 6 minutes, and may be 10 % above it.
 */

const MINUTES = [2, 6, 10, 14];
const REFERENCE = 6;
const MOST = 1.1;

const { values } = parseArgs({ options: { quick: { type: "boolean" } } });
/** `--quick` takes seconds for minutes: whether the command itself works. */
const minute = values.quick === true ? 1_000 : 60_000;

process.exitCode = (await soak()) ? 0 : 1;

async function soak(): Promise<boolean> {
  const own = await startOwn(0);
  try {
    const show = await openShow(own, "low");
    const hosts = await startHosts([show]);
    const listener = new Listener(show.playbackUrl, {
      traffic: { requests: 0, bytes: 0, failures: new Map(), limit: Number.POSITIVE_INFINITY },
      objects: new Objects(),
      start: new Histogram(),
      delivery: new Histogram(),
      latency: new Histogram(),
      lists: new Lists(),
    });
    const playing = listener.play();
    const began = performance.now();
    const megabytes = new Map<number, number>();
    for (const at of MINUTES) {
      await sleep(began + at * minute - performance.now());
      if (listener.hasFailed) throw new Error("The listener gave up: what is measured is no show.");
      megabytes.set(at, own.memory() / 1e6);
      console.log(`minute ${String(at).padStart(2)}: ${megabytes.get(at)?.toFixed(1)} MB`);
    }
    const { stalls } = await listener.leave();
    await playing;
    await hosts.stop();
    const [reference = Number.NaN, last = Number.NaN] = [REFERENCE, MINUTES.at(-1) ?? 0].map((at) =>
      megabytes.get(at),
    );
    const ratio = last / reference;
    const verdict = ratio <= MOST ? "stands still" : "GROWS";
    console.log(
      `${verdict}: x ${ratio.toFixed(3)} from minute ${REFERENCE} on (at most ${MOST}); ${stalls} stalls`,
    );
    return ratio <= MOST;
  } finally {
    await own.stop();
  }
}
