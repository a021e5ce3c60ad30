import { setTimeout as sleep } from "node:timers/promises";
import * as HLS from "hls-parser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { type Listed, readList } from "../kit/list.ts";
import { decodeTimes, Listener, payloadSize } from "../kit/listener.ts";
import { until } from "../kit/polling.ts";
import { Runtime } from "../kit/runtime.ts";
import { readList as readStrictly } from "../validator/list.ts";
import type { Finding } from "../validator/rules.ts";
import { checkSequence } from "../validator/sequence.ts";
import { checkList } from "../validator/single.ts";

/** Ended shows are replayed by their playback URL, and running ones can be rewound, in the real runtime. */

let sfu: FakeSfu;
let relay: Runtime;
/** A runtime that is restarted in the middle of its shows. */
let restarted: Runtime;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  const start = () => Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }], { opensStorage: true });
  [relay, restarted] = await Promise.all([start(), start()]);
});
afterAll(async () => {
  await Promise.all([relay.close(), restarted.close()]);
  sfu.close();
});

const AU = 1024;
/** The duration of a segment of the profiles `low` and `balanced`, seconds. */
const SEGMENT = 1.92;
/** How many segments a live playlist has. */
const WINDOW = 15;
const end = ({ id }: CreatedBroadcast, at = relay) => at.api("POST", `/broadcasts/${id}/end`);
/** Publishes a tone, and waits until the show is live. */
async function talk(show: CreatedBroadcast, at = relay): Promise<Host> {
  const host = await Host.publish(show, sfu);
  host.talk(tone(440));
  const isLive = async () => (await at.describe(show.id)).state === "live";
  await until(isLive, { within: 15_000, every: 50, failure: () => "no host was heard" });
  return host;
}

const nameOf = ({ url }: Listener) => new URL(url).pathname.split("/").at(-1) ?? "";
const join = ({ playbackUrl }: CreatedBroadcast, query = "") => Listener.join(`${playbackUrl}${query}`);

/** Waits for the show's playback URL to name this list, at most 2 s; returns how long that took, ms. */
async function named(
  show: CreatedBroadcast,
  name: string,
  query = "",
): Promise<{ listener: Listener; millis: number }> {
  const from = performance.now();
  for (;;) {
    const listener = await join(show, query);
    const list = await listener.list();
    const millis = performance.now() - from;
    if (nameOf(listener) === name && list.ended) return { listener, millis };
    if (millis > 2_000) throw new Error(`after 2 s the URL names ${nameOf(listener)}, ended: ${list.ended}`);
    await sleep(50);
  }
}

/** Returns the validator's findings in playlists of one URL, in the order in which they were read. */
function faultsOf(lists: readonly { url: string; list: Listed }[]): Finding[] {
  const findings: Finding[] = [];
  const report = (rule: Finding["rule"], where: string, what: string) => findings.push({ rule, where, what });
  const read = lists.map(({ url, list }) => readStrictly(list.text, url, list.readAt));
  for (const list of read) checkList(list, report);
  // Lateness on a loaded machine is not tested here.
  checkSequence(read, 5_000, report);
  return findings;
}

/** Plays on with blocking reloads and delta updates, as hls.js does, until the list ends or `until` returns true. */
async function follow(listener: Listener, until: (last: number) => boolean) {
  const lists: { url: string; list: Listed }[] = [{ url: listener.url, list: await listener.list() }];
  let client = lists[0]?.list.segments.map(({ name }) => name) ?? [];
  let deltas = 0;
  for (let list = lists[0]?.list as Listed; !list.ended && !until(list.firstMsn + client.length - 1); ) {
    const msn = list.firstMsn + client.length;
    const part = list.parts.filter((one) => one.msn === msn).length;
    const query = `_HLS_msn=${msn}&_HLS_part=${part}&_HLS_skip=YES`;
    list = await listener.list(query);
    const url = new URL(listener.url);
    url.search = query;
    lists.push({ url: url.href, list });
    if (list.skipped > 0) deltas++;
    client = [...client.slice(0, list.skipped), ...list.segments.map(({ name }) => name)];
  }
  return { lists, client, deltas };
}

/** Fetches all segments, and checks that their sound begins on the grid of access units. */
async function expectWhole(listener: Listener, list: Listed): Promise<void> {
  for (const { name } of list.segments) {
    const own = Number(/s(\d+)\.m4s$/.exec(name)?.[1]);
    const [first] = decodeTimes(await listener.bytes(name));
    expect(first, name).toBeDefined();
    expect((first as number) % AU, name).toBe(0);
    expect(own).toBeGreaterThanOrEqual(0);
  }
}

describe.concurrent("a show", { timeout: 120_000 }, () => {
  test("that has ended is its own replay at the same URL within 2 s: all of it from its first host on", async ({
    expect,
  }) => {
    const show = await relay.create({ latency: "low" });
    const live = await join(show);
    await live.until(4, 0);
    await talk(show);
    const from = (await live.list()).segments.at(-1)?.msn ?? 0;
    const dvr = await join(show, "?dvr=1");
    expect(["rewind.m3u8", "rewind-open.m3u8"]).toContain(nameOf(dvr));
    // Longer than a live playlist.
    await live.until(from + WINDOW + 4, 0);
    const before = await live.list();
    expect(before.segments).toHaveLength(WINDOW);
    expect(await (await join(show)).list()).toMatchObject({ ended: false });
    await end(show);
    const { listener, millis } = await named(show, "rewind.m3u8");
    const replay = await listener.list();
    const last = replay.segments.at(-1)?.msn ?? 0;
    console.log(
      `the URL was the replay after ${millis.toFixed(0)} ms: segments ${replay.firstMsn} to ${last}`,
    );
    expect(replay.ended).toBe(true);
    expect(replay.firstMsn).toBeLessThanOrEqual(from + 2);
    expect(replay.firstMsn).toBeGreaterThanOrEqual(from);
    expect(replay.segments.length).toBeGreaterThan(WINDOW + 2);
    expect(replay.segments.map(({ msn }) => msn)).toEqual(replay.segments.map((_, n) => replay.firstMsn + n));
    await expectWhole(listener, replay);
    // The host is heard in the first segment, and silence costs next to nothing.
    expect(payloadSize(await listener.bytes(replay.segments[0]?.name ?? ""))).toBeGreaterThan(3_000);
    // Live listeners get the end of the playlist that they have.
    const over = await live.list();
    expect([over.ended, over.segments.at(-1)?.name]).toEqual([true, replay.segments.at(-1)?.name]);
    expect(over.segments).toHaveLength(WINDOW);
    const whole = await named(show, "rewind-open.m3u8", "?from=open");
    const opened = await whole.listener.list();
    expect(opened.segments.map(({ name }) => name)).toEqual(
      Array.from({ length: last + 1 }, (_, msn) => `s${msn}.m4s`),
    );
    expect(faultsOf([{ url: listener.url, list: replay }])).toEqual([]);
    expect(faultsOf([{ url: whole.listener.url, list: opened }])).toEqual([]);
    // Segments that have long left every live playlist: R2 has them.
    await expectWhole(whole.listener, opened);
    const status = (await (await fetch(show.statusUrl)).json()) as { replay: boolean };
    expect(status.replay).toBe(true);
  });

  test("is rewound while it is live by deltas that add up to the whole list, which then becomes its replay", async ({
    expect,
  }) => {
    const show = await relay.create({ latency: "balanced" });
    await talk(show);
    await sleep(8_000);
    const listener = await join(show, "?dvr=1");
    expect(nameOf(listener)).toBe("rewind.m3u8");
    const first = (await listener.list()).firstMsn;
    const ending = sleep(32_000).then(() => end(show));
    const { lists, client, deltas } = await follow(listener, () => false);
    await ending;
    const last = lists.at(-1)?.list as Listed;
    const { listener: again } = await named(show, "rewind.m3u8");
    expect(new URL(again.url).pathname).toBe(new URL(listener.url).pathname);
    const replay = await again.list();
    expect(client).toEqual(replay.segments.map(({ name }) => name));
    expect(faultsOf(lists)).toEqual([]);
    expect(deltas).toBeGreaterThan(20);
    expect([last.ended, replay.firstMsn]).toEqual([true, first]);
    const [full, delta] = [replay.text.length, lists.at(-3)?.list.text.length];
    console.log(
      `${lists.length} lists, ${deltas} deltas; ${client.length} segments; ${delta} of ${full} bytes`,
    );
  });

  test("without a host yet is rewound to its doors' opening, and one that never had any has no replay", async ({
    expect,
  }) => {
    const show = await relay.create({ latency: "low" });
    const listener = await join(show, "?dvr=1");
    expect(nameOf(listener)).toBe("rewind-open.m3u8");
    const list = await listener.list();
    expect([list.firstMsn, list.segments.length]).toEqual([0, 3]);
    const refused = await fetch(new URL("rewind.m3u8", listener.url));
    expect([refused.status, await refused.json()]).toMatchObject([404, { error: { code: "no_replay" } }]);
    await end(show);
    const { listener: over } = await named(show, "audio.m3u8");
    expect((await over.list()).ended).toBe(true);
    const status = (await (await fetch(show.statusUrl)).json()) as { replay: boolean };
    expect(status.replay).toBe(false);
  });

  test("of six hours is listed at once, and after that from the edge's memory", async ({ expect }) => {
    const show = await relay.create({ latency: "low" });
    await talk(show);
    const { epoch } = await join(show);
    await sleep(4_000);
    await end(show);
    const hours = 6;
    const more = Math.ceil((hours * 3_600) / SEGMENT);
    // Inserts as many index rows as six hours have, of the usual size, before those of the show.
    for (const table of ["part", "segment", "indexed"])
      await relay.sql(show.id, `UPDATE ${table} SET msn = msn + ${more}`);
    for (const table of ["part", "indexed"])
      await relay.sql(show.id, `UPDATE ${table} SET at = at + ${more * 90 * AU}`);
    await relay.sql(show.id, "UPDATE timeline SET liveFrom = 0");
    await relay.sql(
      show.id,
      `WITH RECURSIVE n(msn) AS (SELECT 0 UNION ALL SELECT msn + 1 FROM n WHERE msn < ${more - 1})
       INSERT INTO indexed (epoch, msn, at, units, bytes, sizes)
       SELECT '${epoch}', msn, msn * ${90 * AU}, 90, 30000, zeroblob(180) FROM n`,
    );
    const times: number[] = [];
    for (const name of ["rewind.m3u8", "rewind-open.m3u8"]) {
      await relay.evict("Broadcast", show.id);
      const url = new URL(`${epoch}/${name}`, show.playbackUrl);
      for (let n = 0; n < 2; n++) {
        const before = performance.now();
        const text = await (await fetch(url)).text();
        times.push(Math.round(performance.now() - before));
        const list = readList(text);
        expect([list.firstMsn, list.ended, list.segments.length > more]).toEqual([0, true, true]);
        if (n === 0) console.log(`a replay of ${list.segments.length} segments has ${text.length} bytes`);
      }
    }
    const [cold = 0, warm = 0, coldAgain = 0] = times;
    console.log(`its list took ${cold} and ${coldAgain} ms cold, ${warm} ms from the edge's memory`);
    // The goal is 300 ms, and 166 to 252 were printed; a machine of half the speed, with another file beside it, takes 700.
    expect(Math.min(cold, coldAgain)).toBeLessThan(3_000);
  });
});

test("after a restart one show goes on with its rewind list, and one that began anew replays both timelines", {
  timeout: 120_000,
}, async () => {
  const [same, anew] = [
    await restarted.create({ latency: "low" }),
    await restarted.create({ latency: "low" }),
  ];
  await Promise.all([same, anew].map((show) => talk(show, restarted)));
  await sleep(8_000);
  const listener = await join(same, "?dvr=1");
  expect(nameOf(listener)).toBe("rewind.m3u8");
  const { firstMsn } = await listener.list();
  const { lists: before } = await follow(listener, (last) => last >= firstMsn + 12);
  const { epoch: former } = await join(anew);
  // Its stored parts fit another profile.
  const foreign = { latency: "low", partUnits: 12, segmentUnits: 96, targetDuration: 3, lowLatency: true };
  const row = `json_set(json, '$.timeline.profile', json('${JSON.stringify(foreign)}'))`;
  await restarted.sql(anew.id, `UPDATE show SET json = ${row}`);
  await restarted.restart();

  const { lists: after, client } = await follow(listener, (last) => last >= firstMsn + 24);
  expect(faultsOf([...before, ...after])).toEqual([]);
  expect(client[0]).toBe(before[0]?.list.segments[0]?.name);

  await talk(anew, restarted);
  const { epoch: own } = await join(anew);
  expect(own > former).toBe(true);
  await sleep(8_000);
  const dvr = await join(anew, "?dvr=1");
  expect([nameOf(dvr), dvr.epoch]).toEqual(["rewind.m3u8", own]);
  const live = await dvr.list();
  expect(live.segments[0]?.name).toMatch(new RegExp(`^\\.\\./${former}/s\\d+\\.m4s$`));
  await expectWhole(dvr, live);

  await Promise.all([end(same, restarted), end(anew, restarted)]);
  expect((await (await named(same, "rewind.m3u8")).listener.list()).firstMsn).toBe(firstMsn);
  const { listener: over } = await named(anew, "rewind.m3u8");
  const replay = await over.list();
  expect(replay.text.match(/^#EXT-X-DISCONTINUITY$/gm)).toHaveLength(1);
  expect(faultsOf([{ url: over.url, list: replay }])).toEqual([]);
  await expectWhole(over, replay);
  const maps = [...replay.text.matchAll(/#EXT-X-MAP:URI="([^"]+)"/g)].map(([, uri]) => uri);
  expect(maps).toEqual([`../${former}/init.mp4`, "init.mp4"]);
  expect((await over.media(maps[0] ?? "")).status).toBe(200);

  // One segment is given up. An ended playlist may be cached for a minute; this other one is not in the edge's memory
  // yet.
  const lost = Number(/s(\d+)/.exec(replay.segments[1]?.name ?? "")?.[1]);
  await restarted.sql(anew.id, `DELETE FROM indexed WHERE epoch = '${former}' AND msn = ${lost}`);
  await restarted.restart();
  const whole = await join(anew, "?from=open");
  const list = await whole.list();
  expect(faultsOf([{ url: whole.url, list }])).toEqual([]);
  const gaps = (HLS.parse(list.text) as HLS.types.MediaPlaylist).segments.filter(({ gap }) => gap);
  expect(gaps.map(({ uri }) => uri)).toEqual([`../${former}/s${lost}.m4s`]);

  // Requests for media that no timeline of the show has cost the origin nothing.
  const reads = await restarted.readsOf(anew.id);
  for (const path of [
    `${former}/s99999.m4s`,
    "aaaaaaaa/s1.m4s",
    `${former}/p1.0.m4s`,
    `${former}/rewind.m3u8`,
  ]) {
    const url = new URL(`../${path}`, whole.url);
    expect([path, (await fetch(url)).status]).toEqual([path, 410]);
  }
  // The exception is the multivariant playlist, which is fetched anew after a second, once for all of these requests.
  expect((await restarted.readsOf(anew.id)) - reads).toBeLessThanOrEqual(1);
});
