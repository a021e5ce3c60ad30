import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { take } from "../load/turn.ts";
import { type Contender, contendersOf } from "./contender.ts";
import { type Heard, listenTo } from "./ears.ts";
import { heardTable, type Measured, table } from "./table.ts";

const USAGE = `npm run bench:peer -- [MEDIAMTX] [options]

Measures Earshot, on the bare runtime and through npm start, and MediaMTX (the path of its program, which is not part of
this project) in turns: the same publisher, the same listeners, parts of 384 ms. Without MEDIAMTX, Earshot alone. Then Chromium
listens to each of them, with hls.js alone and on the server's own page: mouth to ear, and from pressing play to sound.

  --listeners N,M,..  sizes of the crowds (default 10,50,200,500); the smallest tells of parts and of joining; none: no crowds
  --ears N            how often Chromium listens to each of them, a minute each (default 1); 0: needs no Chromium
  --ramp S            seconds over which they join (default 5)
  --duration S        seconds that all of them stay (default 15)
  --rounds N          how often all of it is done (default 1)
  --json FILE         writes the figures as JSON too
  --help              this text`;

/** Time until the playlist is full and the publisher's connection has settled, ms. */
const WARM_UP_MS = 8_000;
const IDLE_MS = 5_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    listeners: { type: "string", default: "10,50,200,500" },
    ramp: { type: "string", default: "5" },
    duration: { type: "string", default: "15" },
    rounds: { type: "string", default: "1" },
    ears: { type: "string", default: "1" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(USAGE);
else await compare(positionals[0] ?? null);

async function compare(binary: string | null): Promise<void> {
  const contenders = contendersOf(binary);
  const results = new Map<string, Measured[]>([...contenders.keys()].map((name) => [name, []]));
  const sizes = values.listeners === "none" ? [] : values.listeners.split(",").map(Number);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const listeners of sizes) {
      for (const [name, start] of contenders) {
        console.log(`\n${name}, ${listeners} listeners`);
        const contender = await start("speech");
        try {
          results.get(name)?.push(await measure(contender, listeners));
        } finally {
          await contender.stop();
        }
      }
    }
  }
  const heard = new Map<string, Heard[]>([...contenders.keys()].map((name) => [name, []]));
  for (let round = 0; round < Number(values.ears); round++) {
    for (const [name, start] of contenders) {
      console.log(`\n${name}, Chromium listens`);
      const contender = await start("marks");
      try {
        const one = await listenTo(contender);
        console.log(JSON.stringify(one));
        heard.get(name)?.push(one);
      } finally {
        await contender.stop();
      }
    }
  }
  console.log(`\n${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}\n`);
  if (sizes.length > 0) console.log(`${table(results)}\n`);
  if (Number(values.ears) > 0) console.log(heardTable(heard));
  if (values.json === undefined) return;
  const all = { crowds: Object.fromEntries(results), ears: Object.fromEntries(heard) };
  writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
}

async function measure(contender: Contender, listeners: number): Promise<Measured> {
  await sleep(WARM_UP_MS);
  const before = contender.cpu();
  await sleep(IDLE_MS);
  const idle = (contender.cpu() - before) / (IDLE_MS / 1000);
  const taken = await take({
    playbackUrls: Array.from({ length: listeners }, () => contender.playbackUrl),
    ramp: Number(values.ramp),
    duration: Number(values.duration),
    exitSpike: 0,
    cpu: () => ({ server: contender.cpu(), group: contender.groupCpu() }),
  });
  const { outcome, notes, serverCpu, seconds, requests } = taken;
  const delivery = notes.delivery.read();
  const measured = {
    listeners,
    cpuPerRequest: (serverCpu - idle * seconds) / requests,
    idle,
    failed: outcome.failedJoins + outcome.givenUp,
    stalls: outcome.stalls,
    p50: delivery?.p50 ?? Number.NaN,
    p99: delivery?.p99 ?? Number.NaN,
    start: notes.start.read()?.p50 ?? Number.NaN,
  };
  const lag = taken.generatorLag?.p99 ?? Number.NaN;
  const others = (100 * taken.othersCpu) / (1000 * seconds * cpus().length);
  console.log(
    `${JSON.stringify(measured)}; the generator's timers were ${lag} ms late (p99), all else took ${others.toFixed(0)} % of the machine`,
  );
  return measured;
}
