import { setTimeout as sleep } from "node:timers/promises";
import { REST_MS } from "../src/broadcast/clock.ts";
import { EARSHOT } from "../test/kit/deployed.ts";
import { Runtime } from "../test/kit/runtime.ts";

/**
 * `npm run bench:idle`: the CPU cost of open shows without hosts and listeners, in the bare runtime, for each profile, compared
 * to the same idle runtime. Prints CPU in ms per second, of all shows together: 10 is one per cent of a core.
 *
 * Such shows rest, and wake up at intervals. The cost of one waking is measured by requesting all shows at once, requests
 * included, and is divided by the interval between wakings.
 */

const SHOWS = 24;
const SECONDS = 30;
/** After opening, or after the last request, a show stays awake for 10 s and until the end of a segment. */
const AWAKE_SECONDS = 16;
/** The work after a waking, puts to R2 included, takes less than this. */
const WAKING_SECONDS = 4;

for (const latency of ["low", "balanced", "economy"]) {
  const runtime = await Runtime.start([EARSHOT]);
  try {
    await sleep(3_000);
    const nothing = await costOf(runtime, 5);
    const shows = await Promise.all(Array.from({ length: SHOWS }, () => runtime.open({ latency })));
    await sleep(3_000);
    const awake = await costOf(runtime, 6);
    await sleep(1_000 * (AWAKE_SECONDS - 9));
    const resting = await costOf(runtime, SECONDS);
    const asked = Promise.all(shows.map(async ({ playbackUrl }) => (await fetch(playbackUrl)).text()));
    const waking = await costOf(runtime, WAKING_SECONDS);
    await asked;
    const each = WAKING_SECONDS * (waking - nothing);
    const all = resting - nothing + each / (REST_MS / 1_000);
    console.log(
      `${SHOWS} open shows, ${latency.padEnd(8)}: ${all.toFixed(1)} ms/s in all: at rest ${(resting - nothing).toFixed(1)}, ` +
        `and ${(each / SHOWS).toFixed(0)} ms for each show once in ${REST_MS / 60_000} minutes; awake ` +
        `${(awake - nothing).toFixed(1)} (a runtime with nothing to do ${nothing.toFixed(1)})`,
    );
  } finally {
    await runtime.close();
  }
}

async function costOf(runtime: Runtime, seconds: number): Promise<number> {
  const before = runtime.cpu();
  await sleep(1_000 * seconds);
  return (runtime.cpu() - before) / seconds;
}
