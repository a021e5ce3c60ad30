import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CreatedBroadcast } from "../kit/created.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";

/**
 * Shows of one isolate share its memory and one instance of the encoder: what a show costs, and how shows survive a
 * trap.
 */

const SHOWS = 24;
const MIB = 1_048_576;

let runtime: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  runtime = await Runtime.start(
    [{ name: "earshot", entry: "test/workers/wasm-worker.ts", vars: { SFU_API: sfu.url } }],
    { measuresHeap: true },
  );
});
afterAll(async () => {
  await runtime.close();
  sfu.close();
});

const describeShow = async ({ id }: CreatedBroadcast) =>
  (await (await runtime.api("GET", `/broadcasts/${id}`)).json()) as { state: string };

test("24 shows of one isolate take less than 2 MiB each, silent ones less than 0.25", {
  timeout: 120_000,
}, async () => {
  const look = async () => {
    const wasm = (await (await runtime.ask("earshot", "/wasm")).json()) as number[];
    return { wasm, all: (await runtime.heap("earshot")) + wasm.reduce((sum, bytes) => sum + bytes, 0) };
  };
  // The instance that all shows share comes with the first.
  await runtime.open({ latency: "low" });
  await sleep(1_000);
  const one = await look();
  const shows = await Promise.all(Array.from({ length: SHOWS }, () => runtime.open({ latency: "low" })));
  await sleep(2_000);
  const silent = await look();
  const hosts = await Promise.all(shows.map((show) => Host.publish(show, sfu)));
  for (let n = 0; n < 50; n++) for (const host of hosts) host.say(tone(300 + n));
  await expect
    .poll(async () => (await Promise.all(shows.map(describeShow))).every(({ state }) => state === "live"), {
      timeout: 30_000,
    })
    .toBe(true);
  // A wasm memory never shrinks: it still has its size of when all spoke at once.
  const spoken = await look();
  const each = (bytes: number) => `${(bytes / SHOWS / MIB).toFixed(2)} MiB`;
  console.log(
    `An isolate with one silent show: ${(one.all / MIB).toFixed(1)} MiB. Of ${SHOWS} more each: silent ` +
      `${each(silent.all - one.all)}, having spoken ${each(spoken.all - one.all)}, with a share of what is common ${each(spoken.all)}`,
  );
  expect(silent.wasm).toEqual(one.wasm);
  expect((silent.all - one.all) / SHOWS).toBeLessThan(MIB / 4);
  expect(spoken.wasm).toHaveLength(1);
  expect(spoken.wasm[0]).toBeGreaterThan((one.wasm[0] ?? 0) + MIB);
  expect(spoken.all / SHOWS).toBeLessThan(2 * MIB);
  for (const host of hosts) host.leave();
});

test("a trap of the encoder restarts the shows that were using it, and they go on", {
  timeout: 60_000,
}, async () => {
  const shows = await Promise.all([1, 2].map(() => runtime.open({ latency: "low" })));
  const hosts = await Promise.all(shows.map((show) => Host.publish(show, sfu)));
  for (const host of hosts) host.talk(tone(440));
  const isLive = async (show: CreatedBroadcast) => (await describeShow(show)).state === "live";
  for (const show of shows) await expect.poll(() => isLive(show), { timeout: 20_000 }).toBe(true);
  const listeners = await Promise.all(shows.map(({ playbackUrl }) => Listener.join(playbackUrl)));
  const before = ((await (await runtime.ask("earshot", "/wasm")).json()) as number[]).length;
  await runtime.ask("earshot", "/trap");
  for (const { id } of shows) {
    const failed = () =>
      runtime.lines.some((line) => line.includes(`The timeline of ${id} failed and is resumed`));
    await expect.poll(failed, { timeout: 10_000 }).toBe(true);
  }
  for (const listener of listeners) {
    const { segments } = await listener.list();
    const after = await listener.until((segments.at(-1)?.msn ?? 0) + 3, 0);
    expect(after.segments.at(-1)?.msn).toBeGreaterThan(segments.at(-1)?.msn ?? 0);
  }
  // With sound again, the next instance is made. In production the SFU re-dials; here a new host comes.
  for (const host of hosts) host.hush();
  const again = await Promise.all(shows.map((show) => Host.publish(show, sfu)));
  for (const host of again) host.talk(tone(440));
  const instances = async () => ((await (await runtime.ask("earshot", "/wasm")).json()) as number[]).length;
  await expect.poll(instances, { timeout: 20_000 }).toBe(before + 1);
  for (const host of again) host.leave();
});
