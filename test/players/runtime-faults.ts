import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./fault.ts";
import { faultUnnoticedByHost } from "./relay-faults.ts";

/** Faults of the whole runtime and of its clock. */
export const RUNTIME_FAULTS: readonly Fault[] = [
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
