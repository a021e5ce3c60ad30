import { setTimeout as sleep } from "node:timers/promises";
import { inspect, isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CreatedBroadcast, Described } from "../kit/created.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { chromium } from "../kit/offers.ts";
import { until } from "../kit/polling.ts";
import { Runtime } from "../kit/runtime.ts";
import { IDLE_MS } from "./idle.ts";

/** A show without host and listener closes, costs nothing from then on, and opens again with the next host. */

/** The deployed Worker with a short idle time (idle-worker.ts), and a bucket that fails on demand (r2-worker.ts). */
let runtime: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  runtime = await Runtime.start([
    {
      name: "earshot",
      entry: "test/workers/idle-worker.ts",
      services: { MEDIA: "r2" },
      vars: { SFU_API: sfu.url },
    },
    { name: "r2", entry: "test/workers/r2-worker.ts" },
  ]);
});
afterAll(async () => {
  await runtime.close();
  sfu.close();
});
beforeEach(async () => {
  sfu.react = () => undefined;
  await bucket("works");
});

const bucket = (mode: "works" | "fails" | "hangs") => runtime.ask("r2", `/set/${mode}`);
const takenOf = async ({ id }: CreatedBroadcast) =>
  ((await (await runtime.ask("r2", "/taken")).json()) as string[]).filter((key) => key.startsWith(`${id}/`));
/** Returns the names that R2 has accepted of a show, or of one of its epochs, each once. */
const namesOf = async (show: CreatedBroadcast, epoch?: string) => {
  const taken = (await takenOf(show)).map((key) => key.split("/"));
  const names = taken.filter(([, of]) => epoch === undefined || of === epoch).map(([, , name]) => name);
  return [...new Set(names)];
};
const describeShow = async ({ id }: CreatedBroadcast) =>
  (await (await runtime.api("GET", `/broadcasts/${id}`)).json()) as Described;
const stateOf = async (show: CreatedBroadcast) => (await describeShow(show)).state;
/** Waits until a value is as wanted. expect.poll does not know which of the concurrent tests it is in. */
async function become(read: () => Promise<unknown>, wanted: unknown, millis = 2_000): Promise<void> {
  let now: unknown;
  const isWanted = async () => {
    now = await read();
    return isDeepStrictEqual(now, wanted);
  };
  const failure = () => `it is ${inspect(now)}, not ${inspect(wanted)}`;
  await until(isWanted, { within: millis, every: 50, failure });
}
const closed = (show: CreatedBroadcast, millis = 3 * IDLE_MS) =>
  become(() => stateOf(show), "announced", millis);

/** Returns status and code of a refusal. */
async function refusal(url: string): Promise<[number, string]> {
  const response = await fetch(url);
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
}

describe.concurrent("a show with neither host nor listener", () => {
  test("is closed after its idle time, and then nothing of it runs", async () => {
    const show = await runtime.open({ latency: "low", autoOpen: false });
    const openedAt = performance.now();
    // Requests for the status, the count or the multivariant playlist do not count as listening.
    while ((await stateOf(show)) !== "announced") {
      for (const url of [show.statusUrl, show.statusUrl.replace("status", "audience"), show.playbackUrl])
        await (await fetch(url)).text();
      await sleep(200);
      expect(performance.now() - openedAt).toBeLessThan(3 * IDLE_MS);
    }
    expect(performance.now() - openedAt).toBeGreaterThan(IDLE_MS);
    await sleep(1_100);
    expect(await (await fetch(show.statusUrl)).json()).toMatchObject({ state: "announced", startedAt: null });
    await become(() => refusal(show.playbackUrl), [404, "not_started"]);
    expect(await (await runtime.ask("earshot", `/alarm/${show.id}`)).json()).toBe(null);
    expect(runtime.lines.join("\n")).toContain(`The doors of ${show.id} close`);
    // A running object can not be evicted; made anew, it stays as it is.
    await runtime.evict("Broadcast", show.id);
    expect(await describeShow(show)).toMatchObject({ state: "announced", hostKey: show.hostKey });
    // Every segment of it, also the last, short one.
    const names = await namesOf(show);
    expect(names.length).toBeGreaterThan(3);
    expect(names).toEqual([
      "init.mp4",
      ...names.slice(1).map((_, msn) => `s${String(msn).padStart(10, "0")}.m4s`),
    ]);
  });

  test("opens with the next host, under a new epoch, and clients of the former epoch are told so", async () => {
    const show = await runtime.open({ latency: "low" });
    const before = await Listener.join(show.playbackUrl);
    await before.until(3, 0);
    await closed(show, 5 * IDLE_MS);
    // As for any show that has not begun: the edge knows the old epoch, and asks the origin.
    await become(() => refusal(before.url), [404, "not_started"]);
    // An epoch that the edge does not know makes it ask for the show's live edge, which opens no doors.
    expect(await refusal(before.url.replace(before.epoch, "0aaaaaaa"))).toEqual([404, "not_started"]);
    expect(await stateOf(show)).toBe("announced");
    (await Host.publish(show, sfu)).talk(tone(440));
    await become(() => stateOf(show), "live", 5_000);
    const again = await Listener.join(show.playbackUrl);
    expect(again.epoch > before.epoch).toBe(true);
    const { firstMsn, segments } = await again.list();
    // Its numbers go on from those of the timeline before it.
    expect([firstMsn > 3, segments[0]?.name]).toEqual([true, `s${firstMsn}.m4s`]);
    expect(await refusal(before.url)).toEqual([410, "other_epoch"]);
  });
});

describe.concurrent("a show is not closed", () => {
  test("while a client reloads its playlists, even if caches and R2 have the media, and is closed afterwards", async () => {
    const show = await runtime.open({ latency: "low" });
    const { url } = await Listener.join(show.playbackUrl);
    for (const until = performance.now() + 2.5 * IDLE_MS; performance.now() < until; await sleep(500))
      expect((await fetch(url)).status).toBe(200);
    expect(await stateOf(show)).toBe("open");
    await closed(show);
  });

  test("while a host is there, even a silent and unheard one, and is closed when it has left", async () => {
    const show = await runtime.open({ latency: "low" });
    const host = await Host.publish(show, sfu);
    await sleep(2.5 * IDLE_MS);
    expect(await stateOf(show)).toBe("open");
    host.leave();
    await closed(show);
  });
});

test("a host whose offer takes the SFU longer than the idle time can publish although the doors close meanwhile", async () => {
  const show = await runtime.open({ latency: "low" });
  const { epoch } = await Listener.join(show.playbackUrl);
  sfu.react = async ({ path }) => {
    if (path === "/sessions/:id/tracks/new") await sleep(1.4 * IDLE_MS);
    return undefined;
  };
  const headers = { authorization: `Bearer ${show.hostKey}`, "content-type": "application/sdp" };
  const publishing = fetch(show.whipUrl, { method: "POST", headers, body: chromium });
  await closed(show);
  expect((await publishing).status).toBe(201);
  expect(await describeShow(show)).toMatchObject({ state: "open", hosts: [{}] });
  expect((await Listener.join(show.playbackUrl)).epoch > epoch).toBe(true);
});

test("media of a closed timeline that R2 refused is put later, under that timeline's names", async () => {
  const show = await runtime.open({ latency: "low" });
  const { epoch } = await Listener.join(show.playbackUrl);
  await bucket("fails");
  const before = (await takenOf(show)).length;
  await closed(show, 5 * IDLE_MS);
  expect(await (await runtime.ask("earshot", `/alarm/${show.id}`)).json()).toEqual(expect.any(Number));
  await runtime.api("POST", `/broadcasts/${show.id}/open`);
  const listener = await Listener.join(show.playbackUrl);
  expect(listener.epoch > epoch).toBe(true);
  expect(await takenOf(show)).toHaveLength(before);
  await bucket("works");
  const { firstMsn } = await listener.list();
  await listener.until(firstMsn + 3, 0);
  await expect.poll(() => namesOf(show, epoch), { timeout: 10_000 }).toContain("s0000000001.m4s");
  expect((await namesOf(show, epoch)).slice(0, 2)).toEqual(["init.mp4", "s0000000000.m4s"]);
  expect((await namesOf(show, listener.epoch)).slice(0, 2)).toEqual([
    "init.mp4",
    `s${String(firstMsn).padStart(10, "0")}.m4s`,
  ]);
});

test("a show can be deleted while it is closed, and while it closes", async () => {
  for (const wait of [0, IDLE_MS, 2 * IDLE_MS]) {
    const show = await runtime.open({ latency: "low" });
    await sleep(wait);
    expect((await runtime.api("DELETE", `/broadcasts/${show.id}`)).status, `${wait} ms`).toBe(204);
    expect((await runtime.api("GET", `/broadcasts/${show.id}`)).status).toBe(404);
    expect(await (await runtime.ask("earshot", `/alarm/${show.id}`)).json()).toBe(null);
  }
});
