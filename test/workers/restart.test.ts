import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publish } from "../../local/host/publisher.ts";
import { startSfu } from "../../local/sfu/server.ts";
import type { CreatedBroadcast, Described } from "../kit/created.ts";
import { EARSHOT, SFU_SECRET } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { until } from "../kit/polling.ts";
import { Runtime } from "../kit/runtime.ts";

/** Hosts are heard again soon after a show's object was restarted. */

/**
 * A restart costs an object all its sockets. The stand-in dials them again for 15 s, as the platform does; the fake SFU
 * never does.
 */
let standIn: { url: string; close(): Promise<void> };
let fake: FakeSfu;
let withStandIn: Runtime;
let withFake: Runtime;
// One after the other: starting a runtime runs the build.
beforeAll(async () => {
  standIn = await startSfu({ port: 0, appId: "local", appSecret: SFU_SECRET });
  fake = await FakeSfu.start();
  withStandIn = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: standIn.url } }], { opensStorage: true });
  withFake = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: fake.url } }], { opensStorage: true });
});
afterAll(async () => {
  await withStandIn.close();
  await withFake.close();
  await standIn.close();
  fake.close();
});

const square = (frames: number) =>
  Int16Array.from({ length: 2 * frames }, (_, n) => (n % 192 < 96 ? 9_000 : -9_000));

/**
 * For this long, ms, the object's storage accepts no part, so that each attempt to list one ends the object. An object
 * with a running clock can not be evicted.
 */
const FAULT_MS = 500;
async function fail(relay: Runtime, { id }: CreatedBroadcast): Promise<number> {
  // By the object's own clock: the call itself may take longer than the fault.
  await relay.sql(
    id,
    `DROP TRIGGER IF EXISTS fault; DROP TABLE IF EXISTS fault_until;
     CREATE TABLE fault_until AS SELECT unixepoch('now', 'subsec') + ${FAULT_MS / 1000} AS at;
     CREATE TRIGGER fault BEFORE INSERT ON part WHEN unixepoch('now', 'subsec') < (SELECT at FROM fault_until)
     BEGIN SELECT RAISE(ABORT, 'fault'); END`,
  );
  await sleep(FAULT_MS);
  return Date.now();
}

/** Waits until `count` hosts, which are all, are heard again after `since`, ms since 1970; polls as often as a few listeners would. */
async function allHeard(relay: Runtime, { id }: CreatedBroadcast, count: number, since = 0): Promise<void> {
  let hosts: Described["hosts"] = [];
  const areHeard = async () => {
    ({ hosts } = await relay.describe(id));
    const heard = hosts.filter((host) => host.state === "heard" && host.heard && host.since > since);
    return hosts.length === count && heard.length === count;
  };
  await until(areHeard, { within: 25_000, every: 20, failure: () => JSON.stringify(hosts) });
}

test("hosts are heard again within 2 s of a restart: the SFU dials again", { timeout: 120_000 }, async () => {
  const show = await withStandIn.open({ latency: "low" });
  const hosts = await Promise.all(
    [1, 2].map(() => publish({ url: show.whipUrl, key: show.hostKey, source: square })),
  );
  await allHeard(withStandIn, show, 2);
  const took: number[] = [];
  for (let n = 0; n < 5; n++) {
    const over = await fail(withStandIn, show);
    await allHeard(withStandIn, show, 2, over - FAULT_MS);
    took.push(Date.now() - over);
    await sleep(1_000);
  }
  console.log(`heard again after ${took.join(", ")} ms`);
  for (const millis of took) expect(millis).toBeLessThan(2_000);
  for (const host of hosts) await host.close();
});

test("if the SFU does not dial again, it is asked for a new adapter, and the host is heard within 2 s", {
  timeout: 120_000,
}, async () => {
  const show = await withFake.open({ latency: "low" });
  const host = await Host.publish(show, fake);
  host.talk(tone(300));
  await allHeard(withFake, show, 1);
  const [session = ""] = fake.endpoints.flatMap((url) => url.split("/")[5] ?? []);
  const over = await fail(withFake, show);
  const heard = allHeard(withFake, show, 1, over);
  const back = await Host.connect(await fake.endpointOf(session, 2));
  back.talk(tone(300));
  await heard;
  const took = Date.now() - over;
  console.log(`heard again after ${took} ms`);
  expect(took).toBeLessThan(2_000);
  back.leave();
});
