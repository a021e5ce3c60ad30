import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const CORES = availableParallelism();
/** What measures times has the machine to itself, and so has a crowd that needs all of it. */
const TIMED = ["test/workers/{audience,on-time,ready,release}.test.ts", "test/local/sfu/sfu.test.ts"];
/** Programs that run in real time and mostly wait, as the runtime does: not beside what computes on all cores. */
const WAITING = ["test/local/sfu/{churn,guard,pulls}.test.ts", "test/local/host/demo.test.ts"];
/** Tests of the runtime that compute rather than wait: walks through memory, shows by the dozen. */
const BUSY = ["test/workers/{bounds,isolate}.test.ts"];
/** Pages that are listened to for minutes, and not measured: beside a capture that waits. */
const LISTENING = ["test/browser/line.test.ts"];
/** What `npm test` is not to take for granted: they run ffmpeg. */
const WITH_FFMPEG = [
  "test/audio/hold.test.ts",
  "test/local/hold.test.ts",
  "test/workers/{announcements,hold}.test.ts",
];
/** Shows in which things fail while players listen: two relays, Chromium and a dozen of ffmpeg, which leave no room for a capture. */
const FAULTS = ["test/players/{faults,halts}.test.ts"];
/** Whole shows, and what becomes of them, in the real runtime and in real players: they leave no room for a capture either. */
const WHOLE_SHOWS = [
  "test/workers/{lifeboat,lifeboat-start,removal,replay}.test.ts",
  "test/players/{lifeboat,recording,replay}.test.ts",
];
/**
 * Hours of sound on a fake clock, {@link BUSY}, and what the benches compute with. They compute for up to two minutes each, beside a
 * capture that waits.
 */
const LONG = [
  "test/bench/**/*.test.ts",
  "test/audio/{aac,drift,levelling,squeal}.test.ts",
  "test/broadcast/{bandwidth,pipeline}.test.ts",
  ...BUSY,
];
/**
 * How many files of units run side by side: one for each core, and one for those that wait for outages to pass. Left to itself the runner would use one core of two.
 */
const WORKERS = CORES + 1;

/** What is waited for in real time comes within this where a test does not say how soon, first call included; the runner's own is 1 s. */
const PATIENT = { poll: { timeout: 10_000 } };

/** What would be left over at the end, on one core, if it began last. */
const LONGEST = [
  "live",
  "workers/replay",
  "players/replay",
  "players/recording",
  "removal",
  "workers/lifeboat",
  "pdt",
  "bandwidth",
  "drift",
  "pipeline",
  "squeal",
  "isolate",
  "bounds",
  "aac",
  "levelling",
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
  "secrets",
  "workers/local",
  "origin",
  "workers/sfu",
  "resume",
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
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

/** Each project is one kind of evidence; `npm test` runs the first two, which need nothing beyond node_modules. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{workers,browser,players,chaos}/**", ...TIMED, ...WAITING, ...LONG, ...WITH_FFMPEG],
          testTimeout: 30_000,
          maxWorkers: WORKERS,
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
          // Shows take the time they take and a small part of a core: more files than cores run side by side.
          maxWorkers: 3 * Math.max(2, CORES) + 1,
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
          // Of one file's tests that say they may run at once: each has pages of a browser to paint.
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
          // A capture waits for minutes; beside it there is a core for the others.
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
