import { afterAll, beforeAll, describe, test } from "vitest";
import { CachedWorld } from "../cache/world.ts";
import { EARSHOT } from "../kit/deployed.ts";
import type { Listed } from "../kit/list.ts";
import { Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";

/**
 * Playlist directives (RFC 8216bis section 6.2.5) in the real runtime, straight from the relay and through two tiers of
 * cache.
 */

/** A deployment, and a way for a listener to reach a show on it. */
interface World {
  /** Opens a show and joins it. */
  join(latency: string): Promise<Listener>;
  close(): Promise<void>;
}

async function straight(): Promise<World> {
  const relay = await Runtime.start([EARSHOT]);
  return {
    join: async (latency) => Listener.join((await relay.open({ latency })).playbackUrl),
    close: () => relay.close(),
  };
}

/** Sends every request through another edge than the one before. */
async function throughCaches(): Promise<World> {
  const world = await CachedWorld.start();
  const edges = ["edge-a1", "edge-b", "edge-a2"] as const;
  let n = 0;
  return {
    join: async (latency) => {
      const url = `http://edge/live/${await world.open(latency)}/index.m3u8`;
      return Listener.join(url, {}, ({ pathname, search }, headers) =>
        world.get(edges[n++ % edges.length] ?? "edge-b", pathname + search, headers),
      );
    },
    close: () => world.close(),
  };
}

const lastOf = (list: Listed): number => list.firstMsn + list.segments.length - 1;

/** The directives as they are answered over HTTP, with caches before the origin and without. */
describe.concurrent.each([
  ["straight from the relay", straight],
  ["through the edges of two data centres and two tiers of cache", throughCaches],
])("a playlist %s", (_, start) => {
  let world: World;
  beforeAll(async () => {
    world = await start();
  });
  afterAll(() => world.close());
  answers(() => world);
});

function answers(world: () => World): void {
  describe.concurrent("answers directives", () => {
    let listener: Listener;
    let start: Listed;
    beforeAll(async () => {
      listener = await world().join("low");
      start = await listener.list();
    });

    test.for([
      ["_HLS_part=0"],
      ["_HLS_part=0&_HLS_skip=YES"],
      ["_HLS_msn=-1"],
      ["_HLS_msn=x"],
      ["_HLS_msn=1.5"],
      ["_HLS_msn="],
      ["_HLS_msn=1&_HLS_part=-1"],
      ["_HLS_msn=1&_HLS_part="],
      ["_HLS_msn=99999999999999999999"],
      ["_HLS_msn=1000000"],
      ["_HLS_msn=1000000&_HLS_part=0"],
    ])("%s is 400 at once", async ([query], { expect }) => {
      const from = performance.now();
      const response = await listener.get(query);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: "bad_directive" } });
      // A held request that never gets its part is answered after 14 s.
      expect(performance.now() - from).toBeLessThan(5_000);
    });

    test("a segment more than two after the last one is 400, and the one two after it is held", async ({
      expect,
    }) => {
      const last = lastOf(await listener.list());
      expect((await listener.get(`_HLS_msn=${last + 9}`)).status).toBe(400);
      const list = await listener.list(`_HLS_msn=${last + 2}`);
      expect(list.parts.some(({ msn, index }) => msn === last + 2 && index === 0)).toBe(true);
    });

    test("a part too far ahead is 400: more than 3 s of parts after the newest", async ({ expect }) => {
      // A playlist without directives may come from a cache; one that was held is current.
      const list = await listener.list(`_HLS_msn=${lastOf(await listener.list()) + 1}`);
      const [msn, part] = [lastOf(list) + 2, 4];
      const newest = list.parts.filter((one) => one.msn === lastOf(list) + 1).length - 1;
      // The limit is 8 parts of 0.384 s; the playlist may have grown by one since.
      const isTooFar = 5 + part - newest > 9;
      const response = await listener.get(`_HLS_msn=${msn}&_HLS_part=${part}`);
      if (isTooFar) expect(response.status).toBe(400);
      else expect([200, 400]).toContain(response.status);
    });

    test("a request for the next part is held until the part is listed, and no longer", async ({
      expect,
    }) => {
      // A reload without directives may be a second old; a blocking one is not.
      let list = await listener.list(`_HLS_msn=${lastOf(await listener.list()) + 1}`);
      for (let n = 0; n < 3; n++) {
        const msn = lastOf(list) + 1;
        const index = list.parts.filter((part) => part.msn === msn).length;
        const next = await listener.list(`_HLS_msn=${msn}&_HLS_part=${index}`);
        const part = next.parts.find((one) => one.msn === msn && one.index === index);
        expect(part).toBeDefined();
        const end = (part?.date ?? 0) + 1000 * (part?.duration ?? 0);
        expect(next.readAt).toBeGreaterThan(end);
        list = next;
      }
    });

    test("a segment without a part means its first part", async ({ expect }) => {
      const msn = lastOf(await listener.list()) + 1;
      const list = await listener.list(`_HLS_msn=${msn + 1}`);
      expect(list.parts.filter((part) => part.msn === msn + 1).length).toBeGreaterThanOrEqual(1);
      expect(list.parts.filter((part) => part.msn === msn + 1).length).toBeLessThan(4);
    });

    test("a part beyond its segment's last means the next segment's first", async ({ expect }) => {
      const msn = lastOf(await listener.list()) + 1;
      const list = await listener.list(`_HLS_msn=${msn}&_HLS_part=5`);
      expect(list.parts.some((part) => part.msn === msn + 1 && part.index === 0)).toBe(true);
      expect(list.segments.at(-1)?.msn).toBe(msn);
    });

    test("a request for listed media is answered at once, with the whole playlist", async ({ expect }) => {
      const now = await listener.list();
      const from = performance.now();
      // Another data centre's playlist may be a second old: it has the requested media, but may lack the newest
      // segment.
      for (const [query, least] of [
        ["_HLS_msn=0", lastOf(now) - 1],
        ["_HLS_msn=0&_HLS_part=0", lastOf(now) - 1],
        ["_HLS_msn=0&_HLS_part=99", lastOf(now) - 1],
        [`_HLS_msn=${lastOf(now)}&_HLS_part=0`, lastOf(now)],
        [`_HLS_part=1&_HLS_msn=${lastOf(now)}`, lastOf(now)],
      ] as const) {
        const list = await listener.list(query);
        expect(list.firstMsn).toBe(now.firstMsn);
        expect(lastOf(list), query).toBeGreaterThanOrEqual(least);
      }
      // If each were held until the next part, four parts would pass between the first and the last: 1,536 ms.
      expect(performance.now() - from, "ms for all five").toBeLessThan(1_500);
    });

    test("a skip that was never offered is answered with the whole playlist", async ({ expect }) => {
      expect(start.text).not.toContain("CAN-SKIP-UNTIL");
      for (const query of ["_HLS_skip=YES", "_HLS_skip=v2", "_HLS_skip=x", "_HLS_msn=1&_HLS_skip=YES"]) {
        const { text, segments } = await listener.list(query);
        expect(text).not.toContain("EXT-X-SKIP");
        expect(segments[0]?.msn).toBe(start.firstMsn);
      }
    });

    test("all requests for the same thing get the same bytes", async ({ expect }) => {
      const msn = lastOf(await listener.list()) + 1;
      const texts = await Promise.all(
        ["", "&x=1", "&l=someone", "&_HLS_skip=no"].map(async (more) => {
          return (await listener.list(`_HLS_msn=${msn + 1}&_HLS_part=0${more}`)).text;
        }),
      );
      expect(new Set(texts).size).toBe(1);
    });

    test("constants stay constant, and the media sequence goes on by ones", async ({ expect }) => {
      const constants = (text: string) =>
        text
          .split("\n")
          .filter((line) => /^#EXT-X-(VERSION|TARGETDURATION|SERVER-CONTROL|PART-INF|MAP)/.test(line));
      let list = start;
      for (let n = 0; n < 3; n++) {
        const before = lastOf(list);
        list = await listener.list(`_HLS_msn=${before + 1}&_HLS_part=4`);
        expect(lastOf(list)).toBeGreaterThan(before);
        expect(constants(list.text)).toEqual(constants(start.text));
        expect(list.text).not.toContain("EXT-X-DISCONTINUITY\n");
      }
    });

    test("a playlist without parts counts whole segments, and ignores part numbers", {
      timeout: 40_000,
    }, async ({ expect }) => {
      const listener = await world().join("economy");
      const last = lastOf(await listener.list());
      const list = await listener.list(`_HLS_msn=${last + 1}&_HLS_part=3`);
      expect(lastOf(list)).toBeGreaterThanOrEqual(last + 1);
      expect((await listener.get("_HLS_part=3")).status).toBe(400);
    });
  });
}
