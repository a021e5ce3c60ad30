import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { HostState } from "../../src/broadcast-api.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";

/** Origin while R2 fails or hangs, and its count of the reads that reach it. */

/**
 * The deployed Worker with a bucket that fails on demand (r2-worker.ts), and a way to call its Origin without the edge.
 */
let runtime: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  runtime = await Runtime.start([
    { ...EARSHOT, services: { MEDIA: "r2" }, vars: { SFU_API: sfu.url } },
    { name: "r2", entry: "test/workers/r2-worker.ts" },
    {
      name: "origin",
      entry: "test/chaos/origin-traffic.ts",
      services: { ORIGIN: { name: "earshot", entrypoint: "Origin" } },
    },
  ]);
});
afterAll(async () => {
  await runtime.close();
  sfu.close();
});

const bucket = (mode: "works" | "gives" | "fails" | "hangs") => runtime.ask("r2", `/set/${mode}`);
beforeEach(async () => void (await bucket("works")));

interface Described {
  readonly hosts: readonly HostState[];
  readonly originReads: { readonly total: number; readonly byKind: Readonly<Record<string, number>> };
}
async function readsOf(id: string): Promise<Described["originReads"]> {
  return ((await (await runtime.api("GET", `/broadcasts/${id}`)).json()) as Described).originReads;
}

describe("an R2 that", () => {
  test.for(["fails", "hangs"] as const)(
    "%s keeps no listener of a live show from its segments",
    { timeout: 40_000 },
    async (mode) => {
      await bucket(mode);
      const show = await runtime.open({ latency: "low" });
      const listener = await Listener.join(show.playbackUrl);
      const list = await listener.list();
      const init = await listener.bytes("init.mp4");
      expect(new TextDecoder().decode(init.subarray(4, 8))).toBe("ftyp");
      for (const { msn } of list.segments.slice(0, 3)) {
        const from = performance.now();
        expect((await listener.bytes(`s${msn}.m4s`)).length).toBeGreaterThan(1_000);
        // R2 is given up after 1 s, and the show's object is asked instead; a fetch without an answer takes 6 s.
        expect(performance.now() - from).toBeLessThan(5_000);
      }
    },
  );

  test("hangs has at most two calls in flight, and the SFU's calls are not delayed by it", {
    timeout: 60_000,
  }, async () => {
    await bucket("hangs");
    const show = await runtime.open({ latency: "low" });
    // A put is given up after 10 s; the fake completes it after 30.
    await sleep(27_000);
    expect(await (await runtime.ask("r2", `/out/${show.id}`)).json()).toBe(2);
    const host = await Host.publish(show, sfu);
    host.talk(tone(440));
    const heard = async () => {
      const { hosts } = (await (await runtime.api("GET", `/broadcasts/${show.id}`)).json()) as Described;
      return hosts.map(({ state }) => state);
    };
    await expect.poll(heard).toEqual(["heard"]);
    host.leave();
  });

  test("does not answer may have media that the Broadcast lacks: the answer is a 503, not a 404", async () => {
    const show = await runtime.open({ latency: "low" });
    const listener = await Listener.join(show.playbackUrl);
    await listener.until(0, 0);
    const past = () => runtime.ask("origin", `/live/${show.id}/${listener.epoch}/s99999.m4s`);
    expect((await past()).status).toBe(404);
    await bucket("fails");
    const answer = await past();
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([503, "no-store"]);
  });

  test("fails: a deleted broadcast is unknown at once, and its objects are gone once R2 works again", async () => {
    const { id, playbackUrl } = await runtime.open({});
    await bucket("fails");
    const begun = await runtime.api("DELETE", `/broadcasts/${id}`);
    expect([begun.status, await begun.json()]).toEqual([
      202,
      { message: expect.stringMatching(/^The broadcast is gone for all/) },
    ]);
    expect((await runtime.api("GET", `/broadcasts/${id}`)).status).toBe(404);
    const statusOf = async (url: string) => (await fetch(url)).status;
    await expect.poll(() => statusOf(playbackUrl), { timeout: 3_000 }).toBe(404);
    expect((await runtime.api("DELETE", `/broadcasts/${id}`)).status, "it is not done yet").toBe(202);
    await bucket("works");
    const again = async () => (await runtime.api("DELETE", `/broadcasts/${id}`)).status;
    await expect.poll(again, { timeout: 20_000, interval: 1_000 }).toBe(404);
  });
});

test("the origin counts its reads per epoch, reports them with reads of the Broadcast, and keeps the count after the end", async () => {
  const created = await runtime.api("POST", "/broadcasts", { latency: "low" });
  const { id, statusUrl, playbackUrl } = (await created.json()) as Record<string, string>;
  if (id === undefined || statusUrl === undefined || playbackUrl === undefined)
    throw new Error("not created");
  await fetch(statusUrl);
  await sleep(1_100);
  await fetch(statusUrl);
  expect((await readsOf(id)).total).toBe(2);
  await runtime.api("POST", `/broadcasts/${id}/open`);
  expect((await readsOf(id)).total).toBe(0);

  const listener = await Listener.join(playbackUrl);
  await listener.list();
  await bucket("gives");
  const before = await readsOf(id);
  // Media from R2 and the audience's figure: the Broadcast hears of these reads with the next one that has to go to it.
  expect(await listener.bytes("init.mp4")).toHaveLength(10);
  await fetch(new URL("audience.json", playbackUrl));
  await sleep(1_500);
  expect(await readsOf(id)).toEqual(before);
  await listener.list();
  const { total, byKind } = await readsOf(id);
  const playlist = (before.byKind.playlist ?? 0) + 1;
  expect(byKind).toEqual({ ...before.byKind, init: 1, audience: 1, playlist });
  expect(total).toBe(Object.values(byKind).reduce((sum, count) => sum + count, 0));

  await runtime.api("POST", `/broadcasts/${id}/end`);
  const atEnd = await readsOf(id);
  await runtime.evict("Broadcast", id);
  expect(await readsOf(id)).toEqual(atEnd);
});
