import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CAP } from "../../src/audience/cap.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { readList, variantOf } from "../kit/list.ts";
import { Runtime } from "../kit/runtime.ts";
import { apart, Crowd } from "./crowd.ts";
import { SPEED } from "./fast-clock.ts";

/**
 * The count of listeners in the real runtime: one isolate, its shard and the shard above it.
 *
 * The platform sets `cf-connecting-ip`, and clients can not; the local runtime accepts it from these tests, as a
 * listener's address. Where a count has to build up, the Worker's clock is fast (fast-clock.ts): seconds of the count
 * are then seconds of that clock.
 */

let relay: Runtime;
let fast: Runtime;
beforeAll(async () => {
  relay = await Runtime.start([EARSHOT]);
  fast = await Runtime.start([{ name: "fast", entry: "test/workers/audience-worker.ts" }]);
});
afterAll(() => Promise.all([relay.close(), fast.close()]));

interface Figure {
  readonly listeners: number;
  readonly error95: number;
  readonly windowSeconds: number;
  readonly delivered: number | null;
  readonly method: string;
  readonly asOf: string;
  readonly confidence: string;
  readonly why?: string;
}

interface Series {
  readonly peak: Figure | null;
  readonly current: Figure | null;
  readonly stepMinutes: number;
  readonly steps: readonly { readonly figures: number; readonly mean: number; readonly most: number }[];
}

const figureUrl = (playbackUrl: string) => playbackUrl.replace("index.m3u8", "audience.json");
/** Lets `seconds` of the fast clock pass. */
const pass = (seconds: number) => sleep((1000 * seconds) / SPEED);

async function figureOf(playbackUrl: string): Promise<Figure> {
  return (await (await fetch(figureUrl(playbackUrl))).json()) as Figure;
}

/** Opens a show on the fast clock and waits for its first playlist. */
async function begin(): Promise<CreatedBroadcast> {
  const show = await fast.open({ latency: "economy" });
  await listed(show.playbackUrl);
  return show;
}

/** Waits for the first playlist; returns its URL. */
async function listed(playbackUrl: string): Promise<URL> {
  await within(100, async () => (await fetch(playbackUrl)).status === 200);
  const text = await (await fetch(playbackUrl)).text();
  const url = new URL(variantOf(text), playbackUrl);
  // A playlist with less than three segments is held until it has three.
  await (await fetch(new URL("audio.m3u8", url))).text();
  return url;
}

/**
 * Seconds after which everyone who came is in the figure: 2 in which they come, 11 to the isolate's next report, 10 to
 * the shard's next round, 5 for which the figure is cached, and 2 for a busy machine.
 */
const COUNTED_S = 30;

/** Returns the seconds until the figure is within its own error of `listeners`; fails after `limit` seconds. */
function secondsUntil(playbackUrl: string, listeners: number, limit: number): Promise<number> {
  return within(limit, async () => {
    const figure = await figureOf(playbackUrl);
    const isClose = Math.abs(figure.listeners - listeners) <= Math.ceil(listeners * figure.error95);
    return isClose || JSON.stringify(figure);
  });
}

/**
 * Returns the seconds of the fast clock until `check` returns true; after `limit` seconds fails with its last result.
 */
async function within(limit: number, check: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  for (;;) {
    const outcome = await check();
    const seconds = (SPEED * (performance.now() - from)) / 1000;
    if (outcome === true) return seconds;
    if (seconds > limit) throw new Error(`after ${limit} s it is still ${String(outcome)}`);
    await pass(0.5);
  }
}

// A count takes its time, so the shows run side by side.
describe.concurrent("the count of a show", () => {
  test("counts those who listen, soon after they come and soon after they leave", {
    timeout: 240_000,
  }, async ({ expect }) => {
    const { id, playbackUrl, statusUrl } = await begin();
    const statusOf = async () => (await (await fetch(statusUrl)).json()) as { listeners: number | null };
    expect((await statusOf()).listeners).toBe(0);
    const crowd = new Crowd(playbackUrl, apart(200, 20), SPEED);
    const came = await secondsUntil(playbackUrl, 200, COUNTED_S);
    await pass(45 - came);
    // The figure is not sure before 40 s of counting, and on a busy machine reports come a slot or two late.
    await within(30, async () => {
      const { confidence, why } = await figureOf(playbackUrl);
      return confidence === "high" || why;
    });
    const figure = await figureOf(playbackUrl);
    expect(figure).toMatchObject({ confidence: "high", method: expect.stringContaining("HyperLogLog") });
    expect(figure.why).toBeUndefined();
    // The show's status has the figure too, from the same source, some seconds older or younger.
    expect(Math.abs(((await statusOf()).listeners ?? 0) - 200)).toBeLessThanOrEqual(
      Math.ceil(200 * figure.error95),
    );
    expect(figure.windowSeconds).toBeGreaterThanOrEqual(30);
    expect(figure.windowSeconds).toBeLessThanOrEqual(40);
    expect(Math.abs(figure.listeners - 200)).toBeLessThanOrEqual(Math.ceil(200 * figure.error95));
    // Seconds of media per second, counted separately: it includes the joining burst of three segments.
    expect(figure.delivered).toBeGreaterThan(150);
    expect(figure.delivered).toBeLessThan(300);
    expect(Math.abs(Date.parse(figure.asOf) - SPEED * Date.now())).toBeLessThan(6_000);
    await crowd.leave();
    expect(crowd.failures).toEqual([]);
    expect(crowd.ids.size).toBe(200);
    const left = await secondsUntil(playbackUrl, 0, 45);
    console.log(`200 listeners: counted ${came} s after they came, none ${left} s after they left`);

    await fast.api("POST", `/broadcasts/${id}/end`);
    await pass(5.5);
    const response = await fetch(`${figureUrl(playbackUrl)}?series=1`);
    const series = (await response.json()) as Figure & Series;
    expect(series.listeners).toBe(0);
    expect(series.peak).toMatchObject({ confidence: "high" });
    expect(Math.abs((series.peak?.listeners ?? 0) - 200)).toBeLessThanOrEqual(200 * figure.error95 + 1);
    expect(series.current?.listeners).toBeLessThanOrEqual(200 * (1 + figure.error95));
    expect(series.stepMinutes).toBe(1);
    expect(Math.max(...series.steps.map(({ most }) => most))).toBeGreaterThan(190);
    const figures = series.steps.reduce((sum, step) => sum + step.figures, 0);
    // One figure for every slot of 10 s, from the first report on.
    expect(figures).toBeGreaterThan(4);

    // A new show of that name has a series of its own.
    expect((await fast.api("DELETE", `/broadcasts/${id}`)).status).toBe(204);
    const again = await fast.api("POST", "/broadcasts", { slug: id.slice(0, id.lastIndexOf("-")) });
    expect(((await again.json()) as { id: string }).id).toBe(id);
    await pass(5.5);
    const anew = await fetch(`${figureUrl(playbackUrl)}?series=1`);
    expect(await anew.json()).toMatchObject({ listeners: 0, peak: null, steps: [] });
  });

  test("grows by at most the cap for one address that invents 20,000 ids, and is marked as doubtful", {
    timeout: 120_000,
  }, async ({ expect }) => {
    const { playbackUrl } = await begin();
    const list = await listed(playbackUrl);
    const pool = new Pool(fast.url, { connections: 4, pipelining: 16 });
    let sent = 0;
    let most = 0;
    let isOver = false;
    const invent = async () => {
      while (!isOver) {
        const path = `${list.pathname}?l=invented-${sent++}`;
        const { statusCode, body } = await pool.request({
          path,
          method: "GET",
          headers: { "cf-connecting-ip": "198.51.100.1" },
        });
        await body.dump();
        expect(statusCode).toBe(200);
        await pass(0.1);
      }
    };
    const attack = Promise.all(Array.from({ length: 64 }, invent));
    let figure = await figureOf(playbackUrl);
    for (
      const until = Date.now() + 200_000 / SPEED;
      Date.now() < until && !(isDoubted(figure) && sent >= 20_000);
    ) {
      await pass(1);
      figure = await figureOf(playbackUrl);
      most = Math.max(most, figure.listeners);
      // Nobody takes media: no figure may be sure of more than the few listeners by which the two counts may differ.
      if (figure.confidence === "high") expect(figure.listeners).toBeLessThanOrEqual(4);
      expect(figure.listeners).toBeLessThanOrEqual(Math.ceil(CAP.address * (1 + figure.error95)));
    }
    isOver = true;
    await attack;
    await pool.close();
    console.log(`one address, ${sent} ids: counted ${most} at most (cap ${CAP.address}); ${figure.why}`);
    expect(sent).toBeGreaterThanOrEqual(20_000);
    const { peak } = (await (await fetch(`${figureUrl(playbackUrl)}?series=1`)).json()) as Series;
    expect(peak?.listeners ?? 0).toBeLessThanOrEqual(4);
    // The ids did arrive.
    expect(most).toBeGreaterThan(0.95 * CAP.address);
    expect(isDoubted(figure)).toBe(true);
  });

  test("does not grow by fetching segments in a loop: an old one counts for nobody, a new one for one listener", {
    timeout: 120_000,
  }, async ({ expect }) => {
    const { playbackUrl } = await begin();
    const list = await listed(playbackUrl);
    const headers = { "cf-connecting-ip": "198.51.100.9" };
    let fetched = 0;
    let isOver = false;
    const loop = async () => {
      while (!isOver) {
        const { segments } = readList(await (await fetch(list, { headers })).text());
        for (const name of [segments[0]?.name ?? "", segments.at(-1)?.name ?? ""])
          for (let n = 0; n < 12; n++, fetched++)
            await (await fetch(new URL(name, list), { headers })).arrayBuffer();
        await pass(0.5);
      }
    };
    const loops = loop();
    let delivered = 0;
    const isCounted = async () => {
      delivered = (await figureOf(playbackUrl)).delivered ?? 0;
      expect(delivered).toBeLessThanOrEqual(1.5);
      return delivered > 0.5 || delivered;
    };
    await pass(60);
    await within(120, isCounted);
    await pass(10);
    await isCounted();
    isOver = true;
    await loops;
    console.log(`segments fetched in a loop, ${fetched} times: delivered ${delivered}`);
    expect(fetched).toBeGreaterThan(100);
  });

  test("is made by one shard, by four when it is told so, and by one again when four are too many", {
    timeout: 120_000,
  }, async ({ expect }) => {
    const objects = async (): Promise<string[]> => {
      const names = (await (await fast.ask("fast", "/objects")).json()) as string[];
      return names.filter((name) => name.split("/")[0] === id).map((name) => name.replace(/\/\d+$/, "/N"));
    };
    const { id, playbackUrl } = await begin();
    const crowd = new Crowd(playbackUrl, apart(30, 70), SPEED);
    await secondsUntil(playbackUrl, 30, COUNTED_S);
    expect(await objects()).toEqual([id]);

    await fast.ask("fast", `/shards/${id}/4`);
    await fast.ask("fast", `/restart/${id}`);
    let both = 0;
    for (let n = 0; n < 14; n++) {
      await pass(5.1);
      const { listeners, error95, delivered } = await figureOf(playbackUrl);
      expect(Math.abs(listeners - 30)).toBeLessThanOrEqual(Math.ceil(30 * error95));
      // It includes the joining burst of three segments.
      expect(delivered ?? 0).toBeLessThanOrEqual(45);
      if ((await objects()).includes(`${id}/N`)) both += 1;
    }
    expect(both).toBeGreaterThanOrEqual(3);
    // On a busy machine, reports that are still owed to the shards below take longer to arrive.
    await within(90, async () => {
      await objects();
      await pass(12);
      const names = await objects();
      return (names.length === 1 && names[0] === id) || names;
    });
    await crowd.leave();
  });

  test("leaves nothing behind when its show is deleted while people listen, nor for a missing show", {
    timeout: 60_000,
  }, async ({ expect }) => {
    const stored = async (id: string) => (await fast.ask("fast", `/stored/${id}`)).json();
    const { id, playbackUrl } = await begin();
    const crowd = new Crowd(playbackUrl, apart(20, 80), SPEED);
    await secondsUntil(playbackUrl, 20, COUNTED_S);
    expect(await stored(id)).toEqual(["kept", "series"]);
    expect((await fast.api("DELETE", `/broadcasts/${id}`)).status).toBe(204);
    await fast.ask("fast", `/late/${id}`);
    expect(await stored(id)).toEqual([]);
    await pass(25);
    await crowd.leave();
    expect(await stored(id)).toEqual([]);
    expect((await figureOf(playbackUrl)).listeners).toBe(0);
    await pass(10);
    expect(await stored(id)).toEqual([]);
  });

  test("distinguishes players that drop the id by address and agent", { timeout: 90_000 }, async ({
    expect,
  }) => {
    const { playbackUrl } = await begin();
    const people = apart(20, 40).flatMap(({ address }) =>
      ["VLC/4.0", "hi-fi/1"].map((agent) => ({ address, agent, dropsQuery: true })),
    );
    // Two players of each kind can not be distinguished: the count errs downwards.
    const crowd = new Crowd(playbackUrl, [...people, ...people], SPEED);
    await secondsUntil(playbackUrl, 40, COUNTED_S);
    await pass(10);
    const { listeners, error95 } = await figureOf(playbackUrl);
    expect(Math.abs(listeners - 40)).toBeLessThanOrEqual(Math.ceil(40 * error95));
    await crowd.leave();
    expect(crowd.failures).toEqual([]);
  });

  test("includes listeners who are told that the playlist is unchanged", { timeout: 60_000 }, async ({
    expect,
  }) => {
    const { playbackUrl } = await begin();
    const list = await listed(playbackUrl);
    const ask = (address: string) =>
      fetch(new URL("audio.m3u8", list), {
        headers: { "cf-connecting-ip": address, "if-none-match": "*" },
      });
    for (let n = 0; n < 12; n++) {
      for (const { address } of apart(5, 50)) expect((await ask(address)).status).toBe(304);
      await pass(1);
    }
    await secondsUntil(playbackUrl, 5, 15);
  });
});

describe.concurrent("a Worker whose shards fail", () => {
  let lossy: Runtime;
  beforeAll(async () => {
    lossy = await Runtime.start([{ name: "lossy", entry: "test/workers/audience-worker.ts" }]);
  });
  afterAll(() => lossy.close());

  test("counts less while it loses reports, is right within 40 s once it hears them, and survives a restart unnoticed", {
    timeout: 240_000,
  }, async ({ expect }) => {
    const { id, playbackUrl } = await lossy.open({});
    await listed(playbackUrl);
    await lossy.ask("lossy", "/reports/lost");
    const crowd = new Crowd(playbackUrl, apart(40, 60), SPEED);
    for (let n = 0; n < 5; n++) {
      await pass(5.1);
      expect((await figureOf(playbackUrl)).listeners).toBe(0);
    }
    const { lost } = (await (await lossy.ask("lossy", "/reports/heard")).json()) as { lost: number };
    expect(lost).toBeGreaterThanOrEqual(2);
    const heard = await secondsUntil(playbackUrl, 40, 40);
    console.log(`${lost} reports lost; 40 listeners counted ${heard} s after the next could be heard`);

    // Isolates without an answer have tried more shards than the show has; these are asleep again.
    await pass(30);
    // The show's one shard has stored what it needs, so a restart does not show.
    expect(await (await lossy.ask("lossy", `/restart/${id}`)).json()).toEqual({ broken: true });
    for (let n = 0; n < 3; n++) {
      await pass(5.1);
      const { listeners, error95, why } = await figureOf(playbackUrl);
      expect(Math.abs(listeners - 40)).toBeLessThanOrEqual(Math.ceil(40 * error95));
      expect(why ?? "").not.toContain("Counting began");
    }
    await crowd.leave();
    expect(crowd.failures).toEqual([]);
  });
});

function isDoubted({ confidence, why }: Figure): boolean {
  return confidence === "low" && why !== undefined && why.startsWith("Media was delivered for");
}

describe.concurrent("a listener's id", () => {
  test("is only in the multivariant's URL, and is another for each request", async () => {
    const { playbackUrl } = await relay.open({ latency: "low" });
    await listed(playbackUrl);
    const ask = async () => (await fetch(playbackUrl)).text();
    const texts = await Promise.all(Array.from({ length: 50 }, ask));
    const ids = texts.map((text) => /^[0-9a-z]+\/audio\.m3u8\?l=([zp]\.[\w-]{22})$/m.exec(text)?.[1]);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(50);
    for (const [n, text] of texts.entries()) {
      expect(text.replace(ids[n] ?? "", "")).toBe(texts[0]?.replace(ids[0] ?? "", ""));
    }
    const list = new URL(variantOf(texts[0] ?? ""), playbackUrl);
    expect(await (await fetch(list)).text()).not.toContain(ids[0]);
  });

  test("costs the origin nothing: 200 ids are one listener to it", async () => {
    const { id, playbackUrl } = await relay.open({ latency: "low" });
    const list = await listed(playbackUrl);
    const before = await relay.readsOf(id);
    const from = performance.now();
    for (let n = 0; n < 200; n += 20) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, k) => {
          const url = new URL(list);
          url.searchParams.set("l", `listener-${n + k}`);
          expect((await fetch(url)).status).toBe(200);
        }),
      );
    }
    const seconds = Math.ceil((performance.now() - from) / 1000);
    // A playlist without directives is fetched at most once a second, and once at either end.
    expect((await relay.readsOf(id)) - before).toBeLessThanOrEqual(2 * (seconds + 1));
  });
});

describe.concurrent("audience.json", () => {
  test("may be cached for five seconds, and does not change for as long", async () => {
    const { playbackUrl } = await relay.open({});
    const first = await fetch(figureUrl(playbackUrl));
    expect(first.status).toBe(200);
    expect(first.headers.get("cache-control")).toMatch(/^public, max-age=5\b/);
    const { asOf, ...rest } = (await first.json()) as Figure;
    expect(Object.keys(rest).sort()).toEqual(
      ["confidence", "delivered", "error95", "listeners", "method", "why", "windowSeconds"].sort(),
    );
    await sleep(2_000);
    expect((await figureOf(playbackUrl)).asOf).toBe(asOf);
    await sleep(3_500);
    expect((await figureOf(playbackUrl)).asOf).not.toBe(asOf);
  });

  test("of an invented show is a 404", async () => {
    expect((await fetch(`${relay.url}/live/town-hall-000000/audience.json`)).status).toBe(404);
  });
});
