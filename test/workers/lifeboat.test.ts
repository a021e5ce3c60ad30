import { setTimeout as sleep } from "node:timers/promises";
import * as HLS from "hls-parser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { capture } from "../kit/capture.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { until } from "../kit/polling.ts";
import { Runtime } from "../kit/runtime.ts";
import { wavOf } from "../kit/wav.ts";
import { type MediaList, readList } from "../validator/list.ts";
import { timeline } from "../validator/media.ts";
import { validateCapture } from "../validator/validate.ts";

/** The copy, which only the bucket serves, read beside the relay's own playlists, and through an outage of R2. */

const COPY = "https://copy.example.org";
const OUTAGE_MS = 60_000;
const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";

let relay: Runtime;
let sfu: FakeSfu;
/** The origin at which this test serves the bucket. */
let copy: string;
const hosts: Host[] = [];

beforeAll(async () => {
  sfu = await FakeSfu.start();
  relay = await Runtime.start([
    { ...EARSHOT, vars: { SFU_API: sfu.url, LIFEBOAT_URL: `${COPY}/` }, services: { MEDIA: "r2" } },
    { name: "r2", entry: "test/workers/faulty-r2-worker.ts", objectsOf: "earshot" },
    { name: "lifeboat", entry: "local/lifeboat-worker.ts", objectsOf: "earshot" },
  ]);
  copy = new URL(await relay.urlOf("lifeboat", "/")).origin;
}, 60_000);
afterAll(async () => {
  for (const host of hosts) host.hush();
  await relay.close();
  sfu.close();
});

/** Opens a show with a host, and waits until its copy has a playlist. */
async function onAir(
  latency: "low" | "balanced",
): Promise<{ readonly show: CreatedBroadcast; readonly url: string }> {
  const show = await relay.open({ latency, title: "Copied" });
  const host = await Host.publish(show, sfu);
  hosts.push(host);
  host.talk(tone(440));
  const url = `${copy}/${show.id}/lifeboat.m3u8`;
  await until(async () => (await fetch(url)).ok, { within: 20_000 });
  return { show, url };
}

const end = (show: CreatedBroadcast) => relay.api("POST", `/broadcasts/${show.id}/end`);
const taken = async (show: CreatedBroadcast) =>
  ((await (await relay.ask("r2", "/taken")).json()) as string[]).filter((key) => key.startsWith(show.id));

async function listAt(url: string): Promise<MediaList> {
  const response = await fetch(url);
  return readList(await response.text(), url, Date.now());
}

/** Returns the URL of the one media playlist that a multivariant playlist names. */
async function namedAt(url: string): Promise<string> {
  const parsed = HLS.parse(await (await fetch(url)).text()) as HLS.types.MasterPlaylist;
  expect(parsed.variants).toHaveLength(1);
  return new URL(parsed.variants[0]?.uri ?? "", url).href;
}

describe.concurrent("the copy of a show", () => {
  test("has the relay's own segments, numbers and dates, and is valid HLS; after the end it lists the whole show", async () => {
    const { show, url } = await onAir("balanced");
    const both = Promise.all([capture(url), capture(show.playbackUrl)]);
    await sleep(12_000);
    expect((await end(show)).ok).toBe(true);
    const [own, live] = await both;
    expect(validateCapture(own, { jitterMillis: 1_000 })).toEqual([]);

    const listsOf = (exchanges: typeof own) =>
      exchanges
        .filter(({ body }) => /#EXTINF/.test(new TextDecoder().decode(body.subarray(0, 4_000))))
        .map(({ body, url, at }) => readList(new TextDecoder().decode(body), url, at));
    const [copied, original] = [listsOf(own), listsOf(live)];
    const bytesOf = (exchanges: typeof own, uri: string) =>
      Buffer.from(exchanges.find((exchange) => exchange.url === uri)?.body ?? []);
    const known = new Map(timeline(original).map((segment) => [segment.msn, segment]));
    const common = timeline(copied).filter(({ msn }) => known.get(msn)?.uri);
    expect(common.length).toBeGreaterThan(6);
    for (const { msn, uri, date, text } of common) {
      const segment = known.get(msn);
      expect({ date, text }).toEqual({ date: segment?.date, text: segment?.text });
      expect(bytesOf(own, uri).equals(bytesOf(live, segment?.uri ?? "")), `bytes of ${msn}`).toBe(true);
    }
    expect(copied.at(-1)?.ended).toBe(true);
    expect(copied.at(-1)?.segments.at(-1)?.msn).toBe(original.at(-1)?.segments.at(-1)?.msn);
    const [list] = own.filter(({ url }) => url.endsWith("lifeboat.m3u8"));
    expect(list?.headers).toMatchObject({
      "cache-control": "public, max-age=1, must-revalidate",
      "content-type": PLAYLIST_TYPE,
    });
    const segment = own.find(({ url }) => url.endsWith(".m4s"));
    expect(segment?.headers["cache-control"]).toBe("public, max-age=31536000, immutable");

    await until(async () => (await namedAt(url)).endsWith("/replay/lifeboat.m3u8"), { within: 10_000 });
    const whole = await listAt(await namedAt(url));
    expect(whole.ended).toBe(true);
    const told = ({ segments }: MediaList) => segments.map(({ msn, date, text }) => ({ msn, date, text }));
    expect(told(whole), "numbers and dates of the relay's replay").toEqual(
      told(await listAt(await namedAt(show.playbackUrl))),
    );
    const replay = (await (await fetch(`${show.playbackUrl}?lifeboat=1`)).text()).split("\n");
    expect(replay).toContain(`${COPY}/${show.id}/replay/lifeboat.m3u8`);
    const last = copied.at(-1)?.segments.at(-1);
    expect(whole.segments.at(-1)).toMatchObject({ uri: last?.uri, date: last?.date });
    for (const { uri } of whole.segments) expect((await fetch(uri)).status).toBe(200);
  });

  test("is named by the playback URL as a redundant variant on request only", async () => {
    const { show } = await onAir("low");
    const variants = async (query: string) => {
      const text = await (await fetch(show.playbackUrl + query)).text();
      return (HLS.parse(text) as HLS.types.MasterPlaylist).variants;
    };
    const [alone, named] = [await variants(""), await variants("?lifeboat=1&other=2")];
    expect([alone.length, (await variants("?lifeboat=2")).length]).toEqual([1, 1]);
    const [primary, redundant, ...more] = named;
    expect(more).toEqual([]);
    // Each listener has an id of its own.
    const plain = ({ uri }: HLS.types.Variant) => uri.replace(/\?l=[^?&]+$/, "");
    expect(primary && plain(primary)).toBe(alone[0] && plain(alone[0]));
    expect(primary?.uri).toMatch(/\?l=[^?&]+$/);
    const epoch = /^[0-9a-z]+/.exec(primary?.uri ?? "")?.[0];
    expect(redundant?.uri).toBe(`${COPY}/${show.id}/${epoch}/lifeboat.m3u8`);
    const { uri: _, ...attributes } = redundant ?? { uri: "" };
    expect({ ...primary, uri: "" }).toEqual({ ...attributes, uri: "" });
    const own = `${copy}/${show.id}/${epoch}/lifeboat.m3u8`;
    expect((await listAt(own)).segments.length).toBeGreaterThan(2);
    await end(show);
  });

  test(
    "stands still while R2 refuses for a minute, and then has everything, once and in order",
    async () => {
      const { show, url } = await onAir("balanced");
      const own = await namedAt(url);
      await relay.ask("r2", `/refuse/${show.id}`);
      // A put that was under way may have been accepted.
      await sleep(500);
      const before = await listAt(own);
      await sleep(OUTAGE_MS);
      expect((await listAt(own)).lines).toEqual(before.lines);
      const { length } = await taken(show);
      await relay.ask("r2", `/take/${show.id}`);
      const last = before.segments.at(-1)?.msn ?? Number.NaN;
      const newest = async () => (await listAt(own)).segments.at(-1)?.msn ?? 0;
      await until(async () => (await newest()) > last + 30, { within: 10_000 });
      const since = (await taken(show)).slice(length);
      const lists = since.filter((key) => key.endsWith(".m3u8"));
      expect(lists.length, "a list a second at most").toBeLessThanOrEqual(11);
      await end(show);
      await until(async () => (await namedAt(url)).endsWith("/replay/lifeboat.m3u8"), { within: 15_000 });
      expect((await listAt(own)).ended).toBe(true);
      const keys = (await taken(show)).filter((key) => key.endsWith(".m4s"));
      expect(new Set(keys).size, "each once").toBe(keys.length);
      expect(keys).toEqual([...keys].sort());
      const whole = await listAt(await namedAt(url));
      const names = whole.segments.map(({ uri }) => uri.slice(`${copy}/`.length));
      expect(names.length).toBeGreaterThan(OUTAGE_MS / 1_920);
      expect(keys.slice(-names.length), "all that was made since the first host").toEqual(names);
    },
    OUTAGE_MS + 60_000,
  );

  test("is deleted with its show, playlists included, and does not come back", async () => {
    const { show, url } = await onAir("low");
    const own = await namedAt(url);
    expect((await relay.api("DELETE", `/broadcasts/${show.id}`)).ok).toBe(true);
    for (let passed = 0; passed < 4; passed++) {
      expect([(await fetch(url)).status, (await fetch(own)).status]).toEqual([404, 404]);
      await sleep(1_000);
    }
    expect((await fetch(`${copy}/${show.id}/replay/lifeboat.m3u8`)).status).toBe(404);
  });
});

describe("the bucket's server", () => {
  test("supports ranges and CORS", async () => {
    const { show, url } = await onAir("low");
    const list = await listAt(await namedAt(url));
    const uri = list.segments[0]?.uri ?? "";
    const whole = Buffer.from(await (await fetch(uri)).arrayBuffer());
    for (const [range, status, bytes, contentRange] of [
      ["bytes=10-19", 206, whole.subarray(10, 20), `bytes 10-19/${whole.length}`],
      ["bytes=10-", 206, whole.subarray(10), `bytes 10-${whole.length - 1}/${whole.length}`],
      ["bytes=-7", 206, whole.subarray(-7), `bytes ${whole.length - 7}-${whole.length - 1}/${whole.length}`],
      ["bytes=0-99999999", 206, whole, `bytes 0-${whole.length - 1}/${whole.length}`],
      [`bytes=${whole.length}-`, 416, Buffer.alloc(0), `bytes */${whole.length}`],
      ["bytes=5-2", 416, Buffer.alloc(0), `bytes */${whole.length}`],
      ["lines=1-2", 200, whole, null],
    ] as const) {
      const response = await fetch(uri, { headers: { range, origin: "https://page.example" } });
      expect([response.status, response.headers.get("content-range")], range).toEqual([status, contentRange]);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes), range).toBe(true);
    }
    const head = await fetch(uri, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(whole.length)]);
    const etag = head.headers.get("etag") ?? "";
    expect((await fetch(uri, { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await fetch(uri, { method: "OPTIONS" })).headers.get("access-control-allow-headers")).toBe(
      "range",
    );
    expect((await fetch(uri, { method: "PUT", body: "x" })).status).toBe(405);
    await end(show);
  });

  test("serves only the copy: no producer's sound, and no other kinds of names", async () => {
    const { show, url } = await onAir("low");
    const folder = (await namedAt(url)).replace(/[^/]+$/, "");
    const wav = wavOf(
      { rate: 48_000, channels: 2, bits: 16, seconds: 2 },
      (at) => 0.2 * Math.sin(2_000 * at),
    );
    const set = await fetch(`${relay.url}/api/broadcasts/${show.id}/hold`, {
      method: "PUT",
      body: wav,
      headers: { authorization: `Bearer ${relay.adminToken}`, "content-type": "audio/wav" },
    });
    expect(set.status).toBe(200);
    const held = (await taken(show)).find((key) => key.includes("/hold/"));
    expect(held).toBeDefined();
    for (const path of [`/${held}`, "/", `/${show.id}`, `/${show.id}/../lifeboat.m3u8`]) {
      const response = await fetch(copy + path);
      expect([response.status, response.headers.get("cache-control")], path).toEqual([404, "no-store"]);
    }
    const none = await fetch(`${folder}s9999999999.m4s`);
    expect([none.status, none.headers.get("cache-control")]).toEqual([404, "no-store"]);
    await end(show);
  });
});
