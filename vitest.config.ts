import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const CORES = availableParallelism();
/** What measures times has the machine to itself. */
const TIMED = ["test/workers/{on-time,release,restart}.test.ts"];
/** Tests outside of the runtime that mostly wait: for outages to pass, processes to start, players to play. */
const WAITING = ["test/sfu/{churn,demo,sfu}.test.ts", "test/load/turn.test.ts"];

/** Tests of the runtime that compute rather than wait: crowds, walks through memory, shows by the dozen. */
const BUSY = ["test/workers/{audience,bounds,isolate}.test.ts"];
/** How many files that compute run side by side; left to itself the runner would use one core of two. */
const WORKERS = Math.max(2, CORES - 1);

/** Each project is one kind of evidence; `npm test` runs the four that need nothing beyond node_modules. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{workers,browser,players,chaos}/**", ...WAITING],
          testTimeout: 30_000,
          maxWorkers: WORKERS,
        },
      },
      {
        test: {
          name: "busy",
          include: BUSY,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: WORKERS,
        },
      },
      {
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts", ...WAITING],
          exclude: [...TIMED, ...BUSY],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Shows take the time they take and a small part of a core: more files than cores run side by side.
          maxWorkers: 2 * Math.max(2, CORES),
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "timed",
          include: TIMED,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
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
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "players",
          include: ["test/players/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
