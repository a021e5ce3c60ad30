import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startRelay } from "../local/relay.ts";
import { cpuOf, groupOf } from "../test/kit/cpu.ts";
import { openShow } from "../test/kit/desk.ts";
import { readList, variantOf } from "../test/kit/list.ts";
import { findLoader } from "./edge/loader.ts";

/**
 * `npm run bench:start [-- --dev]`: the CPU cost of a cached request in the runtime of `npm start`, or of `npm run dev`, over all
 * its workerd processes. One playlist and one part are requested repeatedly on 32 connections; the show's own cost is subtracted.
 */

/** Time until a playlist of profile `balanced` has three segments, ms. */
const WARM_UP_MS = 9_000;
const IDLE_MS = 4_000;
const ROUNDS = 3;
const ROUND_S = 4;

const { dev } = parseArgs({ options: { dev: { type: "boolean", default: false } } }).values;
const persist = mkdtempSync(join(tmpdir(), "earshot-bench-"));
const started = performance.now();
const relay = await startRelay({ persist, dev });
console.log(
  `npm ${dev ? "run dev" : "start"}: ready after ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
try {
  const show = await openShow(relay, "balanced");
  await sleep(WARM_UP_MS);
  const runtimes = groupOf(relay.pid).filter(({ name }) => name === "workerd");
  const cpu = () => runtimes.reduce((sum, { pid }) => sum + cpuOf(pid), 0);
  const before = cpu();
  await sleep(IDLE_MS);
  const idle = (cpu() - before) / IDLE_MS;
  const loader = findLoader();
  console.log(`${runtimes.length} workerd, load by ${loader.name}; CPU per request of ${ROUNDS} rounds`);
  for (const [name, url] of Object.entries(await cachedOf(show.playbackUrl))) {
    const perRequest: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const [spent, at] = [cpu(), performance.now()];
      const answers = await loader.run(
        { port: Number(url.port), path: `${url.pathname}${url.search}` },
        ROUND_S,
      );
      const own = cpu() - spent - idle * (performance.now() - at);
      perRequest.push((1000 * own) / answers);
    }
    console.log(`  ${name.padEnd(5)} ${perRequest.map((micros) => `${micros.toFixed(0)} us`).join(", ")}`);
  }
} finally {
  await relay.stop();
  rmSync(persist, { recursive: true, force: true });
}

/** Returns the URLs of a playlist and a part that the edge has in its memory, by name. */
async function cachedOf(playbackUrl: string): Promise<Record<string, URL>> {
  const list = new URL(variantOf(await read(playbackUrl)), playbackUrl);
  const { parts } = readList(await read(list.href));
  return { list, part: new URL(parts.at(-1)?.name ?? "", list) };
}

async function read(url: string): Promise<string> {
  return (await fetch(url)).text();
}
