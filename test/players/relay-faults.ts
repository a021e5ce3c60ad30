import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../kit/polling.ts";
import type { Fault } from "./fault.ts";
import { type ShowUnderTest, speakTo } from "./faulted.ts";

/** Faults of a show's object and of the services that it depends on. */
export const RELAY_FAULTS: readonly Fault[] = [
  resets(5, 12_000),
  r2Outage("refuses", 60_000),
  r2Outage("hangs", 60_000),
  {
    ...faultUnnoticedByHost("a write to SQLite fails", async ({ rig: { relay }, show }) => {
      const hasFailed = () => relay.log().includes(`${show.id} failed and is resumed`);
      await relay.sql(
        show.id,
        "CREATE TRIGGER fault BEFORE INSERT ON part BEGIN SELECT RAISE(ABORT, 'fault'); END",
      );
      await until(hasFailed, { within: 3_000, every: 10, failure: () => "no write has failed" });
      // An object that fails again in this moment answers nothing.
      const isDropped = () =>
        relay.sql(show.id, "DROP TRIGGER IF EXISTS fault").then(
          () => true,
          () => null,
        );
      await until(isDropped, { within: 3_000, every: 10, failure: () => "the trigger can not be dropped" });
    }),
    gapMs: [0, 3_000],
    droughtMs: 2_000,
  },
  {
    ...faultUnnoticedByHost("the object is reset, and alarms come 30 s late", async ({ rig, show }) => {
      await rig.fault(`alarm/${show.id}/30000`);
      await rig.fault(`reset/${show.id}`);
      await sleep(31_000);
    }),
    gapMs: [0, 2_500],
    droughtMs: 2_000,
  },
  faultUnnoticedByHost(
    "webhook receiver, Directory and Audience down: 15 s they fail, 15 s they hang",
    async ({ rig, show }) => {
      const url = "http://127.0.0.1:9/hook";
      const response = await rig.relay.api("PUT", `/broadcasts/${show.id}/webhook`, { url });
      if (!response.ok) throw new Error(`webhook: ${response.status}`);
      for (const mode of ["throw", "hang"]) {
        await rig.fault(`others/${mode}`);
        await rig.relay.api("PATCH", `/broadcasts/${show.id}`, { title: `They ${mode}` });
        await rig.relay.api("POST", `/broadcasts/${show.id}/markers`, { title: `They ${mode}` });
        await sleep(15_000);
      }
      await rig.fault("others/work");
    },
  ),
];

/** Resets the show's object and its sockets a number of times, each time at another place in a segment. */
export function resets(times: number, everyMs: number): Fault {
  return {
    ...faultUnnoticedByHost(
      `the object reset in mid-segment, ${times} times, every ${everyMs / 1000} s`,
      async ({ rig, show }) => {
        for (let n = 0; n < times; n++) {
          await rig.fault(`reset/${show.id}`);
          await sleep(everyMs + 300 * (n % 4));
        }
      },
    ),
    gapMs: [50 * times, 2_000 * times],
    droughtMs: 2_000,
  };
}

/** R2 refuses or hangs for a time, for reads too. */
export function r2Outage(mode: "refuses" | "hangs", millis: number): Fault {
  return faultUnnoticedByHost(`R2 ${mode} for ${millis / 1000} s`, async ({ rig, show }) => {
    await rig.fault(`r2/${show.id}/${mode}`);
    const before = (await rig.puts(show)).length;
    await sleep(millis);
    if ((await rig.puts(show)).length > before) throw new Error("R2 has taken something");
    await rig.fault(`r2/${show.id}/works`);
  });
}

/** A fault that a WebRTC host does not notice. */
export function faultUnnoticedByHost(name: string, act: (underTest: ShowUnderTest) => Promise<void>): Fault {
  return {
    name,
    afterMs: 8_000,
    gapMs: [0, 500],
    begin: () => ({
      speak: (show) => speakTo(show),
      act: async (underTest) => {
        const from = Date.now();
        await act(underTest);
        return { from, until: Date.now() };
      },
    }),
  };
}
