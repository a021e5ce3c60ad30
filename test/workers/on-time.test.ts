import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EARSHOT } from "../kit/deployed.ts";
import { listingOf } from "../kit/desk.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";

/** How long after its last sample a part is listed, measured by a listener. */

let runtime: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  const entry = { ...EARSHOT, vars: { SFU_API: sfu.url } };
  runtime = await Runtime.start([entry]);
});
afterAll(async () => {
  await runtime.close();
  sfu.close();
});

const SECONDS = 60;
const RESOLUTION_MS = 10;
/** The most that is allowed for this machine's own delays, ms. */
const MOST_ALLOWED = 60;

/**
 * Measures the time from a part's last sample to its listing, for a listener who requests every part beforehand: the
 * arrival of the playlist with the part, minus the part's date and duration. By design that is the encoder's lookahead
 * of 43 ms plus the wait for a packet of 20 ms, 10 ms on average; the rest is lateness. The machine's own share, from
 * not letting processes run, is measured as the lateness of this process's timers, and allowed for.
 */
test("parts of a live show are listed on time", { timeout: 120_000 }, async () => {
  const show = await runtime.open({ latency: "low" });
  const host = await Host.publish(show, sfu);
  host.talk(tone(440));
  const listener = await Listener.join(show.playbackUrl);
  let { parts } = await listener.until(3, 0);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const lateness: number[] = [];
  for (let n = 0; n < SECONDS / 0.384; n++) {
    const last = parts.at(-1);
    if (last === undefined) throw new Error("a live list has parts");
    const list = await listener.list(`_HLS_msn=${last.msn}&_HLS_part=${last.index + 1}`);
    ({ parts } = list);
    // Every new part of this playlist was listed by now.
    for (const part of parts.filter(({ date }) => date > last.date)) {
      lateness.push(list.readAt - part.date - 1000 * part.duration);
    }
  }
  const listing = await listingOf(runtime, show);
  host.leave();
  const machine = delay.max / 1e6 - RESOLUTION_MS;
  const sorted = lateness.toSorted((a, b) => a - b);
  const rank = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  console.log(
    `${sorted.length} parts, ms from last sample to listed: min ${Math.round(sorted[0] ?? 0)}, ` +
      `p50 ${rank(0.5)}, p99 ${rank(0.99)}, max ${rank(1)} ` +
      `(the Broadcast's own account: p50 ${listing.p50}, p99 ${listing.p99}, max ${listing.max}); a timer here is ${machine.toFixed(1)} late at worst`,
  );
  expect(sorted.length).toBeGreaterThan(SECONDS / 0.384 - 1);
  expect(sorted[0]).toBeGreaterThan(42);
  expect(rank(0.5)).toBeLessThan(75 + Math.min(machine, MOST_ALLOWED));
  expect(rank(0.99)).toBeLessThan(100 + Math.min(machine, MOST_ALLOWED));
});
