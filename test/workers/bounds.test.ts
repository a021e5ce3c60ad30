import { afterAll, beforeAll, expect, test } from "vitest";
import { mintId } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";
import { EARSHOT, EARSHOT_SECRET } from "../kit/deployed.ts";
import { Runtime } from "../kit/runtime.ts";
import { ARCHIVE, EPOCH } from "./faulty-show.ts";

/**
 * The edge in the real runtime keeps its memory bounded, with an origin that has more media than an isolate may hold.
 */

const MIB = 2 ** 20;
/**
 * How many of {@link ARCHIVE}'s segments are requested before each measurement: 31 MiB, more than the edge may hold.
 */
const WALK = 1_000;
const STAGES = 8;

let runtime: Runtime;
beforeAll(async () => {
  runtime = await Runtime.start(
    [
      { ...EARSHOT, services: { ORIGIN: "archive" } },
      { name: "archive", entry: "test/workers/faulty-origin.ts" },
    ],
    { measuresHeap: true },
  );
});
afterAll(() => runtime.close());

test("reading more than the edge's memory may hold leaves the isolate at its bound", async () => {
  const id = await mintId(new Secret(EARSHOT_SECRET), "archive-1");
  const get = async (msn: number) => {
    const response = await fetch(`${runtime.url}/live/${id}/${EPOCH}/s${msn}.m4s`);
    expect(response.status).toBe(200);
    expect((await response.arrayBuffer()).byteLength).toBe(ARCHIVE.bytes);
  };
  const before = await runtime.heap("earshot");
  const held: number[] = [];
  for (let stage = 0; stage < STAGES; stage++) {
    for (let from = 0; from < WALK; from += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => get(stage * WALK + from + n)));
    }
    held.push(((await runtime.heap("earshot")) - before) / MIB);
  }
  const mebibytes = held.map((size) => size.toFixed(1)).join(", ");
  console.log(`${Math.round((WALK * ARCHIVE.bytes) / MIB)} MiB more each time: it holds ${mebibytes} MiB`);
  // The memory is full, and no fuller than allowed: 24 MiB, plus a sixth for the engine's overhead. The minimum counts,
  // because the runtime releases some answers only with later ones.
  const least = Math.min(...held.slice(2));
  expect(least).toBeGreaterThan(16);
  expect(least).toBeLessThan(28);
});
