import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Delivery } from "../../src/edge/delivery.ts";
import { Memory } from "../../src/edge/memory.ts";
import type { Directives } from "../../src/media.ts";
import type { Target } from "../../src/paths.ts";
import { PROBLEMS, type Problem } from "../../src/problem.ts";

// Which list an isolate hands out, when caches between it and the origin may have older ones, and what it asks for when it has
// seen none for long.

const EPOCHS = ["k0000000", "k0000001"] as const;
const PART_MS = 640;

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** A list whose last segment is `lastMsn`, with `openParts` parts of the next one; its text says both. */
function list(
  epoch: string,
  lastMsn: number,
  openParts: number,
  cacheControl = "public, max-age=1",
  { firstMsn = 0, former = "" } = {},
): Response {
  const liveEdge = `${epoch};live;${firstMsn};${lastMsn};${openParts};3;${PART_MS};parts;${Date.now()}${former}`;
  const headers = {
    "content-type": "application/vnd.apple.mpegurl",
    "cache-control": cacheControl,
    "earshot-live-edge": liveEdge,
  };
  return new Response(`${epoch} ${lastMsn}.${openParts}`, { headers });
}

/** A delivery whose upstream answers with the queued responses, one after another, and then with `otherwise`. */
function upstream({ otherwise = () => Response.error(), memory = new Memory() } = {}) {
  const queue: (Response | Promise<Response>)[] = [];
  const paths: string[] = [];
  const fetch = async (url: string) => {
    paths.push(url.replace(/^.*\//, ""));
    return queue.shift() ?? otherwise();
  };
  const delivery = new Delivery(memory);
  const get = (target: Target) => {
    const request = new Request("https://earshot.test/");
    const origin = { fetch } as unknown as Fetcher;
    return delivery.answer(
      () => origin,
      target,
      request,
      null,
      () => undefined,
    );
  };
  const ask = async (directives: Directives, epoch: string = EPOCHS[0]) => {
    const answer = await get({ kind: "playlist", id: "a", epoch, directives });
    return answer.ok ? answer.text() : String(answer.status);
  };
  return { queue, paths, get, ask };
}

test("a list that a cache has kept does not replace a newer one that was handed out here", async () => {
  const { queue, ask } = upstream();
  queue.push(list(EPOCHS[0], 9, 2), list(EPOCHS[0], 9, 2), list(EPOCHS[0], 10, 0));
  expect(await ask({})).toBe("k0000000 9.2");
  expect(await ask({ msn: 10, part: 2 })).toBe("k0000000 10.0");
  vi.advanceTimersByTime(PART_MS);
  queue.push(list(EPOCHS[0], 9, 2));
  expect(await ask({})).toBe("k0000000 10.0");
  // This one is from memory.
  expect(await ask({})).toBe("k0000000 10.0");
  expect(await ask({ msn: 3 })).toBe("k0000000 10.0");
  vi.advanceTimersByTime(PART_MS);
  queue.push(list(EPOCHS[0], 10, 1));
  expect(await ask({})).toBe("k0000000 10.1");
  expect(queue).toEqual([]);
});

test("a newer list of another epoch is no answer to a request for this epoch", async () => {
  const { queue, ask } = upstream();
  queue.push(list(EPOCHS[0], 9, 2), list(EPOCHS[0], 9, 2));
  expect(await ask({})).toBe("k0000000 9.2");
  vi.advanceTimersByTime(700);
  queue.push(list(EPOCHS[0], 10, 0));
  expect(await ask({})).toBe("k0000000 10.0");
  // The multivariant playlist, from which the epoch is known, is fetched again after a second.
  vi.advanceTimersByTime(350);
  queue.push(list(EPOCHS[1], 0, 1), list(EPOCHS[1], 0, 1));
  expect(await ask({}, EPOCHS[1])).toBe("k0000001 0.1");
  expect(await ask({})).toBe("410");
  expect(queue).toEqual([]);
});

test("a repeated directive is answered with the newest list, not with the one that first answered it", async () => {
  const { queue, paths, ask } = upstream();
  queue.push(list(EPOCHS[0], 9, 2), list(EPOCHS[0], 10, 0, "public, max-age=12"));
  const repeated = { msn: 10, part: 2 };
  expect([await ask(repeated), await ask(repeated)]).toEqual(Array(2).fill("k0000000 10.0"));
  vi.advanceTimersByTime(PART_MS);
  queue.push(list(EPOCHS[0], 10, 1));
  expect([await ask(repeated), await ask(repeated)]).toEqual(Array(2).fill("k0000000 10.1"));
  expect(paths).toEqual(["index.m3u8", "audio.m3u8?_HLS_msn=10&_HLS_part=2", "audio.m3u8"]);
});

test("a running show's list tells browsers to ask again, whatever lifetime it was fetched with", async () => {
  const { queue, get } = upstream();
  const lifeOf = async (directives: Directives) => {
    const answer = await get({ kind: "playlist", id: "a", epoch: EPOCHS[0], directives });
    return answer.headers.get("cache-control");
  };
  queue.push(list(EPOCHS[0], 9, 2), list(EPOCHS[0], 10, 0, "public, max-age=12, stale-if-error=0"));
  const life = "public, max-age=0, s-maxage=1, stale-if-error=0";
  expect(await lifeOf({ msn: 10, part: 2 })).toBe(life);
  // A client that joins gets the list for which the other one waited.
  expect(await lifeOf({})).toBe(life);
  expect(queue).toEqual([]);
});

test("every list that is handed out after a part names that part, at the cost of one fetch", async () => {
  const { queue, paths, get, ask } = upstream();
  const media = { "content-type": "audio/mp4", "cache-control": "public, max-age=3600, immutable" };
  const part = (msn: number, index: number) => get({ kind: "part", id: "a", epoch: EPOCHS[0], msn, index });
  queue.push(list(EPOCHS[0], 9, 1), list(EPOCHS[0], 9, 1));
  expect(await ask({})).toBe("k0000000 9.1");
  // The hinted part, which is held, as clients that follow hints ask for it.
  queue.push(new Response("10.1", { headers: media }), list(EPOCHS[0], 9, 2, "public, max-age=12"));
  expect(await (await part(10, 1)).text()).toBe("10.1");
  expect(await Promise.all([ask({}), ask({}), ask({ msn: 10, part: 1 })])).toEqual(
    Array(3).fill("k0000000 9.2"),
  );
  // The last part of a segment: the list then has the segment.
  queue.push(new Response("10.2", { headers: media }), list(EPOCHS[0], 10, 0, "public, max-age=12"));
  expect(await (await part(10, 2)).text()).toBe("10.2");
  expect(await ask({})).toBe("k0000000 10.0");
  expect(paths).toEqual([
    "index.m3u8",
    "audio.m3u8",
    "p10.1.m4s",
    "audio.m3u8?_HLS_msn=10&_HLS_part=1",
    "p10.2.m4s",
    "audio.m3u8?_HLS_msn=10&_HLS_part=2",
  ]);
});

test("an origin whose list lacks a part that it has given is asked three times, and then its list is handed out", async () => {
  const { queue, paths, get, ask } = upstream();
  queue.push(list(EPOCHS[0], 9, 1), new Response("part"));
  await get({ kind: "part", id: "a", epoch: EPOCHS[0], msn: 10, index: 1 });
  queue.push(...Array.from({ length: 4 }, () => list(EPOCHS[0], 9, 1, "no-store")));
  expect(await ask({})).toBe("k0000000 9.1");
  expect(paths.slice(2)).toEqual([
    "audio.m3u8",
    "audio.m3u8?_HLS_msn=10&_HLS_part=1",
    "audio.m3u8?_HLS_msn=10&_HLS_part=1",
  ]);
});

test("a delta update is fetched once for all clients that it serves, and a whole list for one that was away", async () => {
  const { queue, paths, get } = upstream();
  const rewind = async (directives: Directives) => {
    const answer = await get({ kind: "rewind", id: "a", epoch: EPOCHS[0], from: "live", directives });
    return answer.ok ? answer.text() : String(answer.status);
  };
  queue.push(list(EPOCHS[0], 9, 2), list(EPOCHS[0], 10, 0));
  expect(await rewind({ msn: 10, part: 2, skip: true })).toBe("k0000000 10.0");
  expect(await rewind({ msn: 9, part: 1, skip: true })).toBe("k0000000 10.0");
  queue.push(list(EPOCHS[0], 10, 0));
  expect(await rewind({ msn: 3, part: 0, skip: true })).toBe("k0000000 10.0");
  // This list is as new as any that was handed out, and answers a request for the whole list.
  expect(await rewind({})).toBe("k0000000 10.0");
  expect(paths).toEqual(["index.m3u8", "rewind.m3u8?_HLS_msn=10&_HLS_part=2&_HLS_skip=YES", "rewind.m3u8"]);
  expect(queue).toEqual([]);
});

test("the whole list is fetched where a cache's delta update has become too new for the client", async () => {
  const { queue, paths, get } = upstream();
  const directives = { msn: 10, part: 1, skip: true };
  // From the second of these lists the edge learns of a far later live edge.
  queue.push(list(EPOCHS[0], 10, 0), list(EPOCHS[0], 30, 0), list(EPOCHS[0], 30, 0));
  const answer = await get({ kind: "rewind", id: "a", epoch: EPOCHS[0], from: "open", directives });
  expect(await answer.text()).toBe("k0000000 30.0");
  expect(paths.slice(1)).toEqual(["rewind-open.m3u8?_HLS_skip=YES", "rewind-open.m3u8"]);
});

test("the choices in a playback URL are part of the upstream request", async () => {
  const { queue, paths, get } = upstream();
  queue.push(list(EPOCHS[0], 9, 2), list(EPOCHS[0], 9, 2));
  await get({ kind: "multivariant", id: "a", dvr: "1" });
  await get({ kind: "multivariant", id: "a", dvr: "1" });
  await get({ kind: "multivariant", id: "a" });
  expect(paths).toEqual(["index.m3u8?dvr=1", "index.m3u8"]);
});

describe("an isolate that has seen no list of a show for an hour", () => {
  const [EPOCH, NEXT] = EPOCHS;
  const refusal = ({ status }: Problem) =>
    new Response("{}", { status, headers: { "cache-control": "public, max-age=1" } });
  const media = () =>
    new Response("media", { headers: { "cache-control": "public, max-age=3600, immutable" } });
  const part = (msn: number): Target => ({ kind: "part", id: "a", epoch: EPOCH, msn, index: 0 });
  const segment = (msn: number): Target => ({ kind: "segment", id: "a", epoch: EPOCH, msn });
  const reload = (msn: number): Target => ({ kind: "playlist", id: "a", epoch: EPOCH, directives: { msn } });

  /** An isolate that has got one list, `millis` ago, and its upstream. */
  async function unseen(millis: number, options?: Parameters<typeof upstream>[0]) {
    const up = upstream(options);
    up.queue.push(list(EPOCH, 9, 2));
    await up.get({ kind: "multivariant", id: "a" });
    up.paths.length = 0;
    vi.advanceTimersByTime(millis);
    const statusOf = async (target: Target) => (await up.get(target)).status;
    return { ...up, statusOf };
  }
  const HOUR = 3_600_000;

  test("asks once a second for its list if the doors are closed, whatever media and lists are asked for", async () => {
    const { paths, statusOf } = await unseen(HOUR, { otherwise: () => refusal(PROBLEMS.notStarted) });
    const statuses = new Set<number>();
    for (let n = 0; n < 100; n++)
      for (const target of [part(n), segment(n), reload(1_000 + n)]) statuses.add(await statusOf(target));
    expect({ statuses: [...statuses], paths }).toEqual({ statuses: [404], paths: ["audio.m3u8"] });
    vi.advanceTimersByTime(1_000);
    expect(await statusOf(part(0))).toBe(404);
    expect(paths).toEqual(["audio.m3u8", "audio.m3u8"]);
  });

  test("learns that the show goes on under another epoch, and which segments of the old one are in its rewind lists", async () => {
    const { queue, paths, statusOf } = await unseen(HOUR);
    const next = list(NEXT, 12, 0, "public, max-age=1", { firstMsn: 10, former: `;${EPOCH}:0-9` });
    queue.push(refusal(PROBLEMS.otherEpoch), next, media());
    expect(await statusOf(segment(3))).toBe(200);
    for (const target of [part(3), segment(10), reload(9)]) expect(await statusOf(target)).toBe(410);
    expect(paths).toEqual(["audio.m3u8", "index.m3u8", "s3.m4s"]);
  });

  test("learns which media has left the list, and fetches only a limited number of it at a time", async () => {
    const memory = new Memory({ bytes: 1_000_000, entries: 100, flights: 10, pastFlights: 2 });
    const { queue, paths, statusOf } = await unseen(HOUR, { memory });
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = () => promise.then(media);
    queue.push(list(EPOCH, 1_884, 0, "public, max-age=1", { firstMsn: 1_870 }), held(), held(), held());
    const [first, second, third] = [100, 101, 102].map((msn) => statusOf(segment(msn)));
    expect(await third).toBe(503);
    resolve();
    expect([await first, await second]).toEqual([200, 200]);
    expect(paths).toEqual(["audio.m3u8", "s100.m4s", "s101.m4s"]);
  });

  test("fetches media for half a minute without asking again if the Broadcast does not answer", async () => {
    const { queue, paths, statusOf } = await unseen(HOUR);
    queue.push(new Response("{}", { status: 503, headers: { "retry-after": "1" } }), media(), media());
    expect(await statusOf(segment(1))).toBe(200);
    vi.advanceTimersByTime(30_000);
    expect(await statusOf(segment(2))).toBe(200);
    vi.advanceTimersByTime(1);
    queue.push(list(EPOCH, 1_900, 0), media());
    expect(await statusOf(segment(3))).toBe(200);
    expect(paths).toEqual(["audio.m3u8", "s1.m4s", "s2.m4s", "audio.m3u8", "s3.m4s"]);
  });

  test("asks for the init segment directly, and within half a minute of a list for everything", async () => {
    const late = await unseen(HOUR);
    late.queue.push(media());
    expect(await late.statusOf({ kind: "init", id: "a", epoch: EPOCH })).toBe(200);
    const soon = await unseen(30_000);
    soon.queue.push(media(), media());
    for (const target of [part(9), segment(9)]) expect(await soon.statusOf(target)).toBe(200);
    expect([late.paths, soon.paths]).toEqual([["init.mp4"], ["p9.0.m4s", "s9.m4s"]]);
  });
});
