import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { EARSHOT } from "../../test/kit/deployed.ts";
import { FakeSfu } from "../../test/kit/fake-sfu.ts";
import { Host, type Sound } from "../../test/kit/host.ts";
import { Runtime } from "../../test/kit/runtime.ts";

/**
 * `npm run bench:show`: how the CPU of one show with one host and no listener is spent. Prints, in ms per second, the whole and
 * each task alone, all in the same runtime. For a task, an object does only that at the show's rate (alone-worker.ts). The tasks
 * do not exactly add up to the whole, because a task alone runs in a warmer cache.
 */

const SECONDS = 15;
/** Time until frequently run code has been compiled. */
const WARM_SECONDS = 60;
const SOUND_SECONDS = 60;

const sfu = await FakeSfu.start();
const runtime = await Runtime.start([
  { ...EARSHOT, vars: { SFU_API: sfu.url } },
  { name: "alone", entry: "bench/show/alone-worker.ts" },
]);
try {
  console.log(`${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}\n`);
  console.log("CPU of one show with one host and no listener, parts of 384 ms, ms/s");
  await sleep(2_000);
  const nothing = await costOf(SECONDS / 3);
  const say = (what: string, cost: number) =>
    console.log(`  ${what.padEnd(66)} ${(cost - nothing).toFixed(1).padStart(6)}`);
  const show = await runtime.open({ latency: "low" });
  const host = await Host.publish(show, sfu);
  host.talk(voice);
  say(`the whole, its first ${SECONDS} s`, await costOf(SECONDS));
  await sleep(1_000 * (WARM_SECONDS - SECONDS));
  const whole = await costOf(SECONDS);
  say("the whole, after a minute", whole);
  host.leave();
  await runtime.api("DELETE", `/broadcasts/${show.id}`);
  await sleep(2_000);
  await runtime.ask("alone", "/");
  for (let round = 0; round < 2; round++) await inOneGo();
  const pipeline = await inOneGo();
  say("packets to parts, a minute of sound in one go", pipeline + nothing);
  say("packets to parts, as they come, by the SFU's socket", await whileTalking("/sound"));
  say("50 messages a second on the SFU's socket, and nothing with them", await whileTalking("/messages"));
  say("47 timers a second", await during("/timers"));
  say("rows of parts and segments in SQLite *", await during("/rows"));
  say("segments put to R2, by the runtime's local stand-in *", await during("/puts"));
  console.log(
    `  the whole by packets to parts in one go (goal: at most 1.5)         ${((whole - nothing) / pipeline).toFixed(2).padStart(6)}`,
  );
  console.log(
    "* where it is deployed, the disk and R2 are not the object's CPU: a Worker's CPU time is the execution of its code\n" +
      "  (developers.cloudflare.com/workers/platform/limits, CPU time); here they are the same process",
  );
} finally {
  await runtime.close();
  sfu.close();
}

async function costOf(seconds: number): Promise<number> {
  const before = runtime.cpu();
  await sleep(1_000 * seconds);
  return (runtime.cpu() - before) / seconds;
}

async function whileTalking(path: string): Promise<number> {
  const host = await Host.connect((await runtime.urlOf("alone", path)).replace("http", "ws"));
  host.talk(voice);
  try {
    await sleep(2_000);
    return await costOf(SECONDS);
  } finally {
    host.leave();
  }
}

async function during(path: string): Promise<number> {
  const done = runtime.ask("alone", `${path}?seconds=${SECONDS + 4}`);
  await sleep(2_000);
  const cost = await costOf(SECONDS);
  await (await done).text();
  return cost;
}

async function inOneGo(): Promise<number> {
  const before = runtime.cpu();
  await (await runtime.ask("alone", `/whole?seconds=${SOUND_SECONDS}`)).text();
  return (runtime.cpu() - before) / SOUND_SECONDS;
}

/** Makes a voice-like tone of three harmonics that swells four times a second, as in pipeline.ts. */
function voice(n: number): ReturnType<Sound> {
  const phase = (2 * Math.PI * 180 * n) / 48_000;
  const swell = 0.5 + 0.5 * Math.sin((2 * Math.PI * 4 * n) / 48_000);
  return swell * (0.27 * Math.sin(phase) + 0.15 * Math.sin(2 * phase) + 0.09 * Math.sin(7 * phase));
}
