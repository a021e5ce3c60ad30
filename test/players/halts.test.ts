import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "./fault.ts";
import { type FaultRig, startRig } from "./fault-rig.ts";
import { FaultTable } from "./fault-table.ts";
import { faultUnnoticedByHost } from "./relay-faults.ts";

// The whole runtime is ended and restarted, stopped for a while, or has its clock set, one after the other, while
// players listen: they hear on, and the recording is whole.

/** FAULTS=TEXT: only the faults whose names contain TEXT. */
const { FAULTS = "" } = process.env;
const all: readonly Fault[] = [
  {
    ...faultUnnoticedByHost(
      "the code replaced: the runtime ended, and started on the same storage",
      ({ rig }) => rig.relay.restart(),
    ),
    afterMs: 15_000,
    gapMs: [100, 8_000],
    droughtMs: 8_000,
    // Nothing listens on the port during the restart.
    refused:
      /ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|Connection (refused|reset by peer)/,
  },
  halt(3_000),
  halt(20_000),
  clock(10_000),
  clock(-10_000),
];
const faults = all.filter(({ name }) => name.includes(FAULTS));

let rig: FaultRig;
const table = new FaultTable(1);

beforeAll(async () => {
  rig = await startRig();
  table.begin(faults.map((fault) => ({ fault, rig })));
});
afterAll(async () => {
  console.log(table.text);
  await rig.close();
});

// A file without a test would be an error.
if (faults.length === 0) test.skip(`a fault with "${FAULTS}" in its name`);
describe.each(faults)("$name", (fault) => {
  test("listeners hear on, and the recording is whole", async () => {
    const { errors, findings } = await table.rowOf(fault);
    expect(findings).toEqual([]);
    expect(errors).toEqual([]);
  });
});

/** The runtime's process is stopped for a time, as on a machine that sleeps; players and the host go on. */
function halt(millis: number): Fault {
  return {
    ...faultUnnoticedByHost(`the runtime stopped for ${millis / 1000} s`, ({ rig }) =>
      rig.relay.halt(millis),
    ),
    afterMs: 15_000,
    gapMs: [0, millis + 2_000],
    droughtMs: millis + 2_000,
    // The runtime closes connections that were idle for seconds; after the stop, that is all of them.
    refused: /ECONNRESET|UND_ERR_SOCKET|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|Connection reset by peer/,
  };
}

/**
 * Sets the wall clock, and 20 s later sets it right. For the show, time that a clock skips forward has passed: the show
 * can not tell it from a time in which its machine slept. The recording has silence for it.
 */
function clock(millis: number): Fault {
  const passed = Math.max(0, millis);
  return {
    ...faultUnnoticedByHost(
      `the clock set by ${millis / 1000} s, and right again after 20 s`,
      async ({ rig }) => {
        await rig.fault(`clock/${millis}`);
        await sleep(20_000);
        await rig.fault("clock/0");
      },
    ),
    afterMs: 12_000,
    gapMs: [0.9 * passed, passed + 1_000],
    leaps: passed > 0,
  };
}
