import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { createTestHarness } from "wrangler";

/** `npm run bench`: the CPU cost of a show and the start-up time of the runtime, each next to its ceiling from the same run. */

const ROUNDS = 5;
const SECONDS = 60;
/** Clock ticks per second, the unit of the times in proc(5). */
const TICKS = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

// Prevents the runtime from looking up its location: a benchmark must not access the network.
process.env.CLOUDFLARE_CF_FETCH_ENABLED = "false";
console.log(`${cpus().length} cores, ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}\n`);
await measurePipeline();
await measureColdStart();

/** Measures the CPU of the whole pipeline, and of hold audio, relative to the encoder alone, in workerd, in alternation. */
async function measurePipeline(): Promise<void> {
  const harness = createTestHarness({
    workers: [{ config: { name: "bench", main: "bench/pipeline.ts", compatibility_date: "2026-11-17" } }],
  });
  await harness.listen();
  try {
    const run = async (path: string): Promise<number> => {
      const before = cpuMillis();
      const response = await harness.fetch(`${path}?seconds=${SECONDS}`);
      if (!response.ok) throw new Error(`${path} answered ${response.status}`);
      await response.text();
      return (cpuMillis() - before) / SECONDS;
    };
    await harness.fetch("/");
    await run("/encoder");
    await run("/whole");
    await run("/hold");
    const encoder: number[] = [];
    const whole: number[] = [];
    const hold: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      encoder.push(await run("/encoder"));
      whole.push(await run("/whole"));
      hold.push(await run("/hold"));
    }
    const toEncoder = (values: number[]) => values.map((value, i) => value / (encoder[i] ?? Number.NaN));
    console.log("CPU in workerd, ms per second of sound (stereo, 128 kbit/s)");
    console.log(`  encoder alone (the ceiling)             ${spread(encoder)}`);
    console.log(`  socket message to listed part           ${spread(whole)}`);
    console.log(`  ratio (goal: at most 1.5)               ${spread(toEncoder(whole), 2)}`);
    console.log(`  built-in hold audio alone               ${spread(hold)}`);
    console.log(`  its ratio (goal: at most 0.1)           ${spread(toEncoder(hold), 2)}\n`);
  } finally {
    await harness.close();
  }
}

/** Measures the first request after the runtime has started, and the same for a Worker that does nothing. */
async function measureColdStart(): Promise<void> {
  const variables = {
    ADMIN_TOKEN: "bench",
    EARSHOT_SECRET: "a secret for the bench",
    SFU_APP_ID: "",
    SFU_APP_SECRET: "",
  };
  const first = async (worker: Parameters<typeof createTestHarness>[0]): Promise<number> => {
    const harness = createTestHarness(worker);
    try {
      const { url } = await harness.listen();
      const started = performance.now();
      await (await fetch(new URL("/api/broadcasts/none", url))).text();
      return performance.now() - started;
    } finally {
      await harness.close();
    }
  };
  const earshot: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < 3; round++) {
    bare.push(
      await first({
        workers: [{ config: { name: "bare", main: "bench/bare.ts", compatibility_date: "2026-11-17" } }],
      }),
    );
    earshot.push(await first({ workers: [{ configPath: "wrangler.toml", secrets: variables }] }));
  }
  console.log("First request to a new runtime, ms");
  console.log(`  a Worker that does nothing              ${spread(bare)}`);
  console.log(`  Earshot                                 ${spread(earshot)}\n`);
}

/** Returns the descendants of `parent`: the runtime and the processes that start it. */
function below(parent: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && statOf(Number(name))[1] === String(parent))
    .map(Number);
  return children.flatMap((pid) => [pid, ...below(pid)]);
}

/** Returns the user and system time of all descendants of this process, ms (proc(5): fields 14 and 15, in clock ticks). */
function cpuMillis(): number {
  const ticks = below(process.pid)
    .map(statOf)
    .map((stat) => Number(stat[11]) + Number(stat[12]));
  return (ticks.reduce((sum, count) => sum + count, 0) * 1000) / TICKS;
}

/** Returns the fields of /proc/PID/stat after the command's name; none if the process has ended. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
  } catch {
    return [];
  }
}

function spread(values: number[], digits = 1): string {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const [low = median, high = median] = [sorted[0], sorted.at(-1)];
  return `median ${median.toFixed(digits)}  (${low.toFixed(digits)} to ${high.toFixed(digits)}, n=${values.length})`;
}
