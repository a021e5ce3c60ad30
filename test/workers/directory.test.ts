import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Entry } from "../../src/directory-api.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";

/** The list of broadcasts, and shows whose Directory is down, in the real runtime. */

interface List {
  readonly broadcasts: readonly Entry[];
  readonly next: string | null;
}

async function listOf(relay: Runtime, query = ""): Promise<List> {
  const response = await relay.api("GET", `/broadcasts${query}`);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as List;
}

/** Returns the ids on a page. */
const idsOn = async (relay: Runtime, query = "") =>
  (await listOf(relay, query)).broadcasts.map(({ id }) => id);

const act = async (relay: Runtime, { id }: CreatedBroadcast, what: "open" | "end") =>
  expect((await relay.api("POST", `/broadcasts/${id}/${what}`)).status).toBe(200);

describe("GET /api/broadcasts", () => {
  let relay: Runtime;
  let sfu: FakeSfu;
  beforeAll(async () => {
    sfu = await FakeSfu.start();
    relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }]);
  });
  afterAll(async () => {
    await relay.close();
    sfu.close();
  });

  test("is an empty list at first", async () => {
    const response = await relay.api("GET", "/broadcasts");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({ broadcasts: [], next: null });
  });

  test("lists broadcasts newest first, by pages and by their changing states, without deleted ones", async () => {
    const shows: CreatedBroadcast[] = [];
    for (const title of ["One", "Two", "Three"]) {
      shows.push(await relay.create({ title, latency: "low" }));
      // Broadcasts of one millisecond would be in the order of their ids.
      await sleep(5);
    }
    const [one, two, three] = shows as [CreatedBroadcast, CreatedBroadcast, CreatedBroadcast];
    const ids = [three.id, two.id, one.id];
    await expect.poll(() => idsOn(relay)).toEqual(ids);
    const described = await relay.describe(two.id);
    const { broadcasts, next } = await listOf(relay, "?limit=2");
    expect(broadcasts.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    // The same fields as elsewhere in the API, without the keys.
    expect(Object.keys(broadcasts[1] ?? {})).toEqual([
      "id",
      "title",
      "state",
      "latency",
      "createdAt",
      "endedAt",
    ]);
    expect(described).toMatchObject(broadcasts[1] ?? {});
    expect(next).toEqual(expect.any(String));
    // A show that is created between two pages moves none of their entries.
    const late = await relay.create({ title: "Late" });
    await expect.poll(() => idsOn(relay, "?limit=1")).toEqual([late.id]);
    expect(await listOf(relay, `?limit=2&cursor=${next}`)).toMatchObject({
      broadcasts: [{ id: one.id }],
      next: null,
    });

    await act(relay, two, "open");
    await expect.poll(() => idsOn(relay, "?state=open")).toEqual([two.id]);
    expect(await idsOn(relay, "?state=announced&limit=2")).toEqual([late.id, three.id]);
    const host = await Host.publish(three, sfu);
    host.talk(tone(440));
    await expect.poll(() => idsOn(relay, "?state=live"), { timeout: 10_000 }).toEqual([three.id]);
    await act(relay, three, "end");
    await expect.poll(() => idsOn(relay, "?state=ended")).toEqual([three.id]);
    expect(await idsOn(relay, "?state=live")).toEqual([]);
    expect((await listOf(relay, "?state=ended")).broadcasts[0]?.endedAt).toBeGreaterThan(0);
    expect(await idsOn(relay)).toEqual([late.id, ...ids]);

    expect((await relay.api("DELETE", `/broadcasts/${three.id}`)).status).toBe(204);
    // It is gone before the answer comes.
    expect(await idsOn(relay)).toEqual([late.id, two.id, one.id]);
  });

  test("answers HEAD like GET, without the body", async () => {
    const head = await relay.api("HEAD", "/broadcasts?limit=1");
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("content-type")).toBe("application/json");
    expect((await relay.api("HEAD", "/broadcasts?limit=0")).status).toBe(400);
  });

  test.each([
    ["state=closed", "state"],
    ["limit=101", "limit"],
    ["cursor=nonsense", "cursor"],
    ["sort=title", "sort"],
    ["limit=1&limit=2", "limit"],
  ])("refuses ?%s and names the parameter", async (query, name) => {
    const response = await relay.api("GET", `/broadcasts?${query}`);
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: { code: "invalid_query", message: expect.stringContaining(`"${name}"`) } },
    ]);
  });

  test("is unchanged after a restart", async () => {
    const shows = [await relay.create(), await relay.create()];
    const ids = shows.map(({ id }) => id);
    await expect.poll(() => idsOn(relay)).toEqual(expect.arrayContaining(ids));
    const before = await listOf(relay);
    await relay.restart();
    expect(await listOf(relay)).toEqual(before);
  });
});

describe("a failing Directory", () => {
  let relay: Runtime;
  beforeAll(async () => {
    relay = await Runtime.start([{ name: "earshot", entry: "test/workers/directory-worker.ts" }]);
  });
  afterAll(() => relay.close());
  const directory = (mode: "works" | "throws" | "hangs") => relay.ask("earshot", `/directory/${mode}`);
  afterEach(async () => void (await directory("works")));

  /**
   * Opens, plays and ends shows. `before` exists already. Returns the new show, its listener, and the time that all of
   * it took, ms.
   */
  async function during(before: CreatedBroadcast) {
    const from = performance.now();
    const show = await relay.open({ title: "During", latency: "low" });
    await act(relay, before, "open");
    expect((await relay.describe(show.id)).state).toBe("open");
    const listener = await Listener.join(show.playbackUrl);
    expect((await listener.list()).segments.length).toBeGreaterThanOrEqual(3);
    expect((await listener.bytes("init.mp4")).length).toBeGreaterThan(100);
    await act(relay, before, "end");
    return { show, listener, millis: performance.now() - from };
  }

  test.each([
    ["throws", 0, 2_900],
    ["hangs", 2_900, 10_000],
  ] as const)(
    "that %s disturbs no show, not even its deletion, and its list is a 503",
    async (mode, least, most) => {
      const [one, before] = [await relay.create({ latency: "low" }), await relay.create({ latency: "low" })];
      await expect.poll(() => idsOn(relay)).toEqual(expect.arrayContaining([one.id, before.id]));
      const { millis: usual } = await during(one);
      await directory(mode);
      const { show, listener, millis } = await during(before);
      // A call that waited for the Directory would take 3 s more.
      expect(millis).toBeLessThan(usual + 2_000);

      const asked = performance.now();
      const response = await relay.api("GET", "/broadcasts");
      const took = performance.now() - asked;
      expect(took).toBeGreaterThan(least);
      expect(took).toBeLessThan(most);
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "3"]);
      expect(await response.json()).toEqual({
        error: {
          code: "unavailable",
          message: expect.stringMatching(/^The list of broadcasts can not be read/),
        },
      });
      // An invalid query is still reported as such.
      expect((await relay.api("GET", "/broadcasts?limit=0")).status).toBe(400);

      // A deleted broadcast is gone at once, and the list drops it once it can.
      expect((await relay.api("DELETE", `/broadcasts/${before.id}`)).status).toBe(202);
      expect((await relay.api("GET", `/broadcasts/${before.id}`)).status).toBe(404);
      expect((await listener.until(5, 0)).segments.length).toBeGreaterThan(3);

      await directory("works");
      await expect.poll(() => idsOn(relay), { timeout: 15_000 }).not.toContain(before.id);
      // The Directory is told of the next change at once.
      await act(relay, show, "end");
      await expect
        .poll(async () => (await listOf(relay)).broadcasts.find(({ id }) => id === show.id)?.state)
        .toBe("ended");
      expect((await relay.api("DELETE", `/broadcasts/${show.id}`)).status).toBe(204);
      const ids = await idsOn(relay);
      for (const { id } of [before, show]) expect(ids).not.toContain(id);
    },
  );

  test("that missed a show lists it once the show's object is made anew", async () => {
    await directory("throws");
    const show = await relay.create();
    // After the restart the Directory works again.
    await relay.restart();
    expect(await idsOn(relay)).not.toContain(show.id);
    await relay.describe(show.id);
    await expect.poll(() => idsOn(relay)).toContain(show.id);
  });

  test("that lists a missing broadcast drops it when the broadcast is deleted once more", async () => {
    const { id } = await relay.create();
    const remove = async () => (await relay.api("DELETE", `/broadcasts/${id}`)).status;
    expect(await remove()).toBe(204);
    await relay.ask("earshot", `/ghost/${id}`);
    expect(await idsOn(relay)).toContain(id);
    expect(await remove()).toBe(404);
    expect(await idsOn(relay)).not.toContain(id);
  });
});
