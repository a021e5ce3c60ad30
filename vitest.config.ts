import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const CORES = availableParallelism();
/** Tests that measure times, or run a crowd that needs the whole machine. They run alone. */
const TIMED = ["test/workers/{audience,on-time,ready,release}.test.ts", "test/local/sfu/sfu.test.ts"];
/** Tests of programs that run in real time and mostly wait, like the runtime. They must not run next to tests that use all cores. */
const WAITING = ["test/local/sfu/{churn,guard,pulls}.test.ts", "test/local/host/demo.test.ts"];
/** Tests of the runtime that compute rather than wait: memory walks, dozens of shows. */
const BUSY = ["test/workers/{bounds,isolate}.test.ts"];
/** Tests that listen to pages for minutes without measuring times. They run next to a capture, which mostly waits. */
const LISTENING = ["test/browser/{line,native}.test.ts"];
/** Tests that run ffmpeg, which `npm test` must not require. */
const WITH_FFMPEG = [
  "test/audio/hold.test.ts",
  "test/local/hold.test.ts",
  "test/workers/{announcements,hold}.test.ts",
];
/** Shows with faults while players listen: two relays, Chromium and a dozen ffmpeg, which leave no CPU for a capture. */
const FAULTS = ["test/players/{faults,halts}.test.ts"];
/**
 * Whole shows in the real runtime and real players: replays, recordings, removal, the runtime's ends, another secret. They leave no
 * CPU for a capture.
 */
const WHOLE_SHOWS = [
  "test/workers/{lifeboat,lifeboat-start,removal,replay,resume,secrets}.test.ts",
  "test/players/{lifeboat,recording,replay}.test.ts",
];
/**
 * Hours of sound on a fake clock, {@link BUSY}, and tests of the benchmarks' own code. They compute for up to two minutes each,
 * next to a capture, which mostly waits.
 */
const LONG = [
  "test/bench/**/*.test.ts",
  "test/audio/{aac,drift,automatic-level,squeal}.test.ts",
  "test/broadcast/{bandwidth,pipeline}.test.ts",
  ...BUSY,
];
/**
 * How many files of `npm test` run in parallel. Some two thirds are tests of the runtime: their shows run in real time and use a
 * small part of a core. The others are unit tests, which compute, at a low priority. With three tests of the runtime for each core,
 * hosts lost sound on a machine of two thirds the speed.
 */
const WORKERS = 3 * Math.max(2, CORES);

/** Default timeout of polling assertions in real time, first call included, ms; the runner's own default is 1 s. */
const PATIENT = { poll: { timeout: 10_000 } };

/** The longest test files, longest first. If one began last, it would run alone on one core at the end. */
const LONGEST = [
  "live",
  "workers/replay",
  "players/replay",
  "players/recording",
  "removal",
  "workers/lifeboat",
  "secrets",
  "resume",
  "pdt",
  "bandwidth",
  "drift",
  "pipeline",
  "squeal",
  "isolate",
  "bounds",
  "aac",
  "automatic-level",
  "broadcast/show-hosts",
  "broadcast/show",
  "sketch",
  "ingest/sfu",
  "own",
  "aligner",
  "broadcast/guard",
  "wav",
  "limiter",
  "waits",
  "aligner-golden",
  "bench/scale",
  "pace",
  "workers/local",
  "origin",
  "workers/sfu",
  "workers/events",
  "start",
  "idle",
  "workers/hold",
  "memory",
  "hints",
  "webhooks",
  "workers/hosts",
  "cached",
  "workers/directory",
  "restart",
  "workers/recording",
  "whip",
  "api",
  "workers/broadcast",
  "workers/guard",
  "stored",
  "directives",
  "churn",
  "local/sfu/guard",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`)) >>> 0;
    const sorted = (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
    const isUnit = ({ project }: TestSpecification) => project.name === "unit";
    return mixed(
      sorted.filter(isUnit),
      sorted.filter((file) => !isUnit(file)),
    );
  }
}

/** Returns both lists as one, each in its order and spread evenly over the other. */
function mixed<T>(one: readonly T[], other: readonly T[]): T[] {
  const place = (list: readonly T[]) => list.map((item, n) => ({ item, at: (n + 0.5) / list.length }));
  return [...place(other), ...place(one)].sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** Each project is one kind of test. `npm test` runs the first two, which need only node_modules. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{workers,browser,players,chaos}/**", ...TIMED, ...WAITING, ...LONG, ...WITH_FFMPEG],
          setupFiles: ["test/kit/low-priority.ts"],
          testTimeout: 120_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "workers",
          expect: PATIENT,
          include: ["test/workers/**/*.test.ts", ...WAITING],
          exclude: [...TIMED, ...BUSY, ...WHOLE_SHOWS, ...WITH_FFMPEG],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: WORKERS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "timed",
          expect: PATIENT,
          include: TIMED,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "chaos",
          include: ["test/chaos/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "browser",
          expect: PATIENT,
          include: ["test/browser/**/*.test.ts"],
          exclude: LISTENING,
          testTimeout: 240_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // For the tests of one file that may run concurrently: each has browser pages to render.
          maxConcurrency: 3,
        },
      },
      {
        test: {
          name: "players",
          expect: PATIENT,
          include: ["test/players/**/*.test.ts", ...LISTENING, ...WITH_FFMPEG],
          exclude: [...FAULTS, ...WHOLE_SHOWS],
          testTimeout: 900_000,
          hookTimeout: 120_000,
          // A capture mostly waits, for minutes, so the other tests have a core.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "shows",
          expect: PATIENT,
          include: WHOLE_SHOWS,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "faults",
          expect: PATIENT,
          include: FAULTS,
          testTimeout: 900_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "long",
          include: LONG,
          testTimeout: 300_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
