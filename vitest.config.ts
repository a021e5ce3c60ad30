import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** What measures times, or has hosts that speak in real time, has the machine to itself. */
const TIMED = ["test/workers/{broadcast,on-time,release,restart,sfu,start}.test.ts"];

/** Each project is one kind of evidence; `npm test` runs the three that need nothing beyond node_modules. */
export default defineConfig({
  test: {
    // Units keep two cores busy; left to itself the runner would use one of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{workers,browser,players,chaos}/**"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "workers",
          include: ["test/workers/**/*.test.ts"],
          exclude: TIMED,
          testTimeout: 60_000,
          hookTimeout: 60_000,
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
