import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { has, lagOf, Player, reach } from "../cache/player.ts";
import { CachedWorld, type EdgeName } from "../cache/world.ts";
import { readList, variantOf } from "../kit/list.ts";

/**
 * The deployed Worker behind the model of Workers Cache: two isolates of one data centre and one of another, a lower
 * tier for each data centre, one upper tier, and the real Origin.
 */

let world: CachedWorld;
beforeAll(async () => {
  world = await CachedWorld.start();
});
afterAll(() => world.close());

const EDGES: readonly EdgeName[] = ["edge-a1", "edge-a2", "edge-b"];

/**
 * The oldest that a playlist may be, ms. Memory, lower tier and upper tier may each keep it for its lifetime of a
 * second, since Age is in whole seconds. When it was made it was at most a part (0.384 s) old; the rest is for a busy
 * machine. One more lifetime would be 1 s more.
 */
const OLDEST_MS = 3_000 + 384 + 900;

describe.concurrent("a show through two tiers", () => {
  test("each object is fetched from the origin once, and the origin counts it", {
    timeout: 60_000,
  }, async () => {
    const id = await world.open("low");
    const players = EDGES.flatMap((edge) => [
      new Player(world, id, () => edge),
      new Player(world, id, () => edge),
    ]);
    const whole = new Player(world, id, () => "edge-b");
    await Promise.all([...players.map((player) => player.follow(14_000)), whole.followSegments(14_000)]);
    for (const { failures } of [...players, whole]) expect(failures).toEqual([]);

    const own = ([path]: [string, number]) => path.startsWith(`/live/${id}/`);
    const sent = [...world.model.upper.sent].filter(own);
    // Not "mp4" anywhere in the path: a slug is made of random letters.
    const isImmutable = (path: string) => /\.(m4s|mp4)$|_HLS_msn/.test(path);
    const immutable = sent.filter(([path]) => isImmutable(path));
    expect(immutable.length).toBeGreaterThan(20);
    expect(immutable.filter(([, count]) => count !== 1)).toEqual([]);
    for (const tier of world.model.lower) {
      const twice = [...tier.sent].filter(own).filter(([path, count]) => isImmutable(path) && count > 1);
      expect(twice).toEqual([]);
    }
    // A read that has to go to the Broadcast, and reports to it the reads that R2 has answered since the last such one.
    await world.origin(`/live/${id}/status.json`);
    const described = (await (await world.api("GET", `/broadcasts/${id}`)).json()) as {
      originReads: unknown;
    };
    const total = sent.reduce((sum, [, count]) => sum + count, 1);
    expect(described.originReads).toMatchObject({ total });

    const media = new Map<string, Uint8Array>();
    for (const player of [...players, whole]) {
      for (const [name, bytes] of player.media) {
        expect(media.get(name) ?? bytes).toEqual(bytes);
        media.set(name, bytes);
      }
    }
    const asked = players.reduce((sum, { lists, media: own }) => sum + lists.length + own.size, 0);
    console.log(
      `7 listeners, ${asked} requests: ${total} reached the origin, ${immutable.length} of them immutable`,
    );
  });

  test("blocking reloads are held through both tiers, and released everywhere at once", async () => {
    const id = await world.open("low");
    const players = EDGES.map((edge) => new Player(world, id, () => edge));
    await Promise.all(players.map((player) => player.follow(12_000)));
    for (const { lists, failures } of players) {
      expect(failures).toEqual([]);
      for (const { list, wanted } of lists) expect(has(list, wanted), wanted).toBe(true);
      for (const [n, { list }] of lists.entries()) {
        const before = lists[n - 1];
        if (before) expect(reach(list)).toBeGreaterThan(reach(before.list));
      }
    }
    // When each edge first listed each part: the times differ by no more than a machine with two cores is late.
    const first = players.map(
      ({ lists }) => new Map(lists.map(({ at, list }) => [reach(list), at] as const).reverse()),
    );
    const spreads = [...(first[0] ?? [])].flatMap(([part]) => {
      const times = first.map((times) => times.get(part));
      return times.every((at) => at !== undefined) ? [Math.max(...times) - Math.min(...times)] : [];
    });
    spreads.sort((a, b) => a - b);
    console.log(
      `a part is listed by three edges within ${spreads[Math.floor(spreads.length / 2)]} ms (median)`,
    );
    expect(spreads.length).toBeGreaterThan(10);
    expect(spreads[Math.floor(spreads.length / 2)]).toBeLessThan(100);
  });

  test("a listener whose requests each go to another edge never gets a 404", async () => {
    const id = await world.open("low");
    let n = 0;
    const roaming = new Player(world, id, () => EDGES[n++ % 3] ?? "edge-a1");
    await roaming.follow(14_000);
    expect(roaming.failures).toEqual([]);
    for (const { list, wanted } of roaming.lists) expect(has(list, wanted), wanted).toBe(true);
    for (const [n, { list }] of roaming.lists.entries()) {
      const before = roaming.lists[n - 1];
      if (before) expect(reach(list)).toBeGreaterThanOrEqual(reach(before.list));
    }
  });

  test("a blocking reload is answered with what it asks for, even if an older playlist is still fresh", async () => {
    const id = await world.open("low");
    const multivariant = `/live/${id}/index.m3u8`;
    const uri = variantOf(await (await world.get("edge-b", multivariant)).text());
    const path = multivariant.replace("index.m3u8", uri);
    await world.get("edge-b", path);
    await sleep(1_100);
    await world.get("edge-b", multivariant);
    await sleep(600);
    await world.get("edge-b", path);
    await sleep(450);
    // The edge learns of the newest part, while its former playlist is fresh for half a second more.
    await world.get("edge-b", multivariant);
    const newest = readList(await (await world.origin(path)).text()).parts.at(-1);
    const query = `_HLS_msn=${newest?.msn}&_HLS_part=${newest?.index}`;
    const response = await world.get("edge-b", `${path}&${query}`);
    expect(response.status).toBe(200);
    expect(has(readList(await response.text()), query)).toBe(true);
  });

  test("media that one edge has listed is found through another whose last news of the show are a lifetime old", async () => {
    const id = await world.open("low");
    const current = new Player(world, id, () => "edge-b");
    await current.join();
    const others = {
      "edge-a1": new Player(world, id, () => "edge-a1"),
      "edge-a2": new Player(world, id, () => "edge-a2"),
    };
    // The oldest playlist that edge a1 can hold: each tier takes it from the one above just before it goes stale there.
    await sleep(1_100);
    await current.join();
    await sleep(900);
    await others["edge-a2"].join();
    await sleep(900);
    await others["edge-a1"].join();
    await sleep(900);
    const { hint, firstMsn, segments, parts } = await current.list("");
    const newest = parts.at(-1);
    const query = `_HLS_msn=${newest?.msn}&_HLS_part=${newest?.index}`;
    const [list] = await Promise.all([
      others["edge-a1"].list(query),
      others["edge-a1"].fetch(newest?.name ?? ""),
      others["edge-a1"].fetch(hint ?? ""),
      others["edge-a1"].fetch(`s${firstMsn + segments.length - 1}.m4s`),
    ]);
    expect(others["edge-a1"].failures).toEqual([]);
    expect(has(list, query)).toBe(true);
  });
});

describe.concurrent("lifetimes through two tiers", () => {
  test("a playlist that has changed is not served beyond them", async () => {
    const id = await world.open("low");
    await new Player(world, id, () => "edge-a1").join();
    const lags: number[] = [];
    for (let n = 0; n < 60; n++) {
      const player = new Player(world, id, () => EDGES[n % 3] ?? "edge-b");
      lags.push(lagOf(await player.join()));
      expect(player.failures).toEqual([]);
      await sleep(70);
    }
    console.log(`a plain list is at most ${Math.round(Math.max(...lags))} ms behind the live edge`);
    expect(Math.max(...lags)).toBeLessThan(OLDEST_MS);
  });

  test("the answer that a show has not begun is not served beyond them", async () => {
    const created = await world.api("POST", "/broadcasts", { autoOpen: false });
    const { id } = (await created.json()) as { id: string };
    const ask = async (edge: EdgeName) => (await world.get(edge, `/live/${id}/index.m3u8`)).status;
    const from = Date.now();
    for (let n = 0; n < 30; n++) {
      expect(await ask(EDGES[n % 3] ?? "edge-b")).toBe(404);
      await sleep(40);
    }
    // One request a second at most, and the first.
    const most = 1 + Math.ceil((Date.now() - from) / 1000);
    expect(world.model.upper.sent.get(`/live/${id}/index.m3u8`)).toBeLessThanOrEqual(most);
    await world.api("POST", `/broadcasts/${id}/open`);
    await sleep(3_000);
    expect(await Promise.all(EDGES.map(ask))).toEqual([200, 200, 200]);
  });

  test.each([
    ["that answers 500", async () => new Response("broken", { status: 500 })],
    ["that throws", () => Promise.reject(new Error("thrown by the test"))],
  ])(
    "an origin %s shows as down: nothing stale replaces its answers; afterwards it is back at once",
    async (_, fault) => {
      const id = await world.open("low");
      const ask = async (edge: EdgeName) => {
        const player = new Player(world, id, () => edge);
        const list = await player.join().catch(() => null);
        return { lag: list === null ? 0 : lagOf(list), isDown: player.failures.length > 0 };
      };
      await Promise.all(EDGES.map(ask));
      world.faults.set(id, fault);
      const answers: Awaited<ReturnType<typeof ask>>[] = [];
      try {
        for (let n = 0; n < 12; n++) {
          answers.push(...(await Promise.all(EDGES.map(ask))));
          await sleep(500);
        }
      } finally {
        world.faults.delete(id);
      }
      expect(Math.max(...answers.map(({ lag }) => lag))).toBeLessThan(OLDEST_MS);
      expect(answers.slice(-3).map(({ isDown }) => isDown)).toEqual([true, true, true]);
      await sleep(1_000);
      expect((await Promise.all(EDGES.map(ask))).map(({ isDown }) => isDown)).toEqual([false, false, false]);
    },
  );
});
