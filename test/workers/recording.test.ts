import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { until } from "../kit/polling.ts";
import { Runtime } from "../kit/runtime.ts";
import { at, readBoxes } from "../validator/boxes.ts";

/**
 * A show's recording and its chapters, by HTTP in the real runtime, from a host's first word to the show's deletion.
 */

let relay: Runtime;
let sfu: FakeSfu;
let show: CreatedBroadcast;
let whole: Uint8Array;
let etag: string;
/** The answers for the recording and the chapters while the show was on. */
const during: Record<string, { status: number; body: string }> = {};

const urlOf = ({ playbackUrl }: CreatedBroadcast, name: string) => new URL(name, playbackUrl).href;
const ask = (name: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(urlOf(show, name), { method, headers });
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
async function codeOf(url: string): Promise<string> {
  const response = await fetch(url);
  const { error } = (await response.json()) as { error: { code: string } };
  return `${response.status} ${error.code}`;
}

beforeAll(async () => {
  sfu = await FakeSfu.start();
  relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }]);
  show = await relay.open({ latency: "low", title: "Möwen: live" });
  const host = await Host.publish(show, sfu);
  host.talk(tone(440));
  await until(async () => (await relay.describe(show.id)).state === "live", { within: 40_000, every: 50 });
  const listener = await Listener.join(show.playbackUrl);
  await sleep(3_000);
  await relay.api("POST", `/broadcasts/${show.id}/markers`, { title: "Questions & answers" });
  await sleep(2_000);
  for (const name of ["recording.m4a", "chapters.json"]) {
    const response = await ask(name);
    during[name] = { status: response.status, body: await response.text() };
  }
  await relay.api("PATCH", `/broadcasts/${show.id}`, { title: "Möwen: over" });
  await sleep(2_000);
  host.leave();
  await relay.api("POST", `/broadcasts/${show.id}/end`);
  await sleep(1_100);
  const response = await ask("recording.m4a");
  expect(response.status).toBe(200);
  whole = await bytesOf(response);
  etag = response.headers.get("etag") ?? "";
  expect(Number(response.headers.get("content-length"))).toBe(whole.length);
  expect(listener.epoch).not.toBe("");
}, 60_000);
afterAll(async () => {
  await relay.close();
  sfu.close();
});

describe("a recording", () => {
  test("exists once its show has ended, and has a file name by its title", async () => {
    expect(during["recording.m4a"]?.status).toBe(409);
    expect(during["recording.m4a"]?.body).toContain("recording_not_ready");
    const { headers } = await ask("recording.m4a", {}, "HEAD");
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "audio/mp4",
      "content-length": String(whole.length),
      "content-disposition": `attachment; filename="Mowen over.m4a"; filename*=UTF-8''M%C3%B6wen%20over.m4a`,
      "accept-ranges": "bytes",
      "access-control-allow-origin": "*",
      "cache-control": "public, max-age=60",
      etag,
    });
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
  });

  test("has the access units of the segments in R2, from the first segment with the host on", async () => {
    const { body } = at(readBoxes(whole), "mdat");
    const media = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const segments = [...(await relay.storedObjects(`${show.id}/`))].filter(([key]) => key.endsWith(".m4s"));
    const payloads = segments.map(([, bytes]) =>
      Buffer.concat(
        readBoxes(bytes)
          .filter(({ type }) => type === "mdat")
          .map(({ body }) => Buffer.from(body.buffer, body.byteOffset, body.byteLength)),
      ),
    );
    // A timeline begins with three segments of silence, which the replay leaves out.
    expect(Buffer.concat(payloads).subarray(-media.length).equals(media)).toBe(true);
    const lengths = payloads.map(({ length }) => length);
    const replayed = lengths.findIndex(
      (_, n) => lengths.slice(n).reduce((sum, length) => sum + length, 0) === media.length,
    );
    expect(replayed).toBeGreaterThan(0);
    expect(lengths.length - replayed).toBeGreaterThanOrEqual(4);
  });

  test("serves the requested range, and the whole file if the condition fails", async () => {
    const middle = Math.floor(whole.length / 2);
    const response = await ask("recording.m4a", { range: `bytes=${middle}-${middle + 70_000}` });
    const expected = whole.subarray(middle, middle + 70_001);
    expect([
      response.status,
      response.headers.get("content-range"),
      response.headers.get("content-length"),
    ]).toEqual([
      206,
      `bytes ${middle}-${middle + expected.length - 1}/${whole.length}`,
      String(expected.length),
    ]);
    expect(Buffer.compare(await bytesOf(response), expected)).toBe(0);
    for (const [range, first] of [
      ["bytes=0-99", 0],
      ["bytes=-100", whole.length - 100],
      [`bytes=${whole.length - 1}-`, whole.length - 1],
    ] as const) {
      const part = await ask("recording.m4a", { range, "if-range": etag });
      expect(part.status, range).toBe(206);
      const bytes = await bytesOf(part);
      expect(Buffer.compare(bytes, whole.subarray(first, first + bytes.length)), range).toBe(0);
    }
    const other = await ask("recording.m4a", { range: "bytes=0-99", "if-range": '"another"' });
    expect([other.status, (await bytesOf(other)).length]).toEqual([200, whole.length]);
    const none = await ask("recording.m4a", { range: `bytes=${whole.length}-` });
    expect([none.status, none.headers.get("content-range")]).toEqual([416, `bytes */${whole.length}`]);
    expect((await ask("recording.m4a", { "if-none-match": etag })).status).toBe(304);
    const several = await ask("recording.m4a", { range: "bytes=0-1,5-6" });
    expect([several.status, (await bytesOf(several)).length]).toEqual([200, whole.length]);
  });

  test("is refused for other methods, for unknown ids, and as a WAV", async () => {
    expect((await ask("recording.m4a", {}, "POST")).status).toBe(405);
    expect(await codeOf(`${relay.url}/live/no-such-000000/recording.m4a`)).toBe("404 unknown_broadcast");
    expect(await codeOf(urlOf(show, "recording.wav"))).toBe("404 not_found");
    expect(await codeOf(`${relay.url}/recording/${show.id}/${etag.slice(1, -1)}/0-9`)).toBe("404 not_found");
  });

  test("does not exist for a show without a host", async () => {
    const silent = await relay.open({ latency: "low" });
    await sleep(2_500);
    await relay.api("POST", `/broadcasts/${silent.id}/end`);
    expect(await codeOf(urlOf(silent, "recording.m4a"))).toBe("404 nothing_recorded");
    expect(await codeOf(urlOf(silent, "chapters.vtt"))).toBe("404 no_chapters");
  });

  test("is the same after its object was made anew, and has another ETag after a change of title", async () => {
    await relay.evict("Broadcast", show.id);
    await sleep(1_100);
    const again = await ask("recording.m4a");
    expect(again.headers.get("etag")).toBe(etag);
    expect(Buffer.compare(await bytesOf(again), whole)).toBe(0);
    await relay.api("PATCH", `/broadcasts/${show.id}`, { title: "Renamed" });
    await sleep(1_100);
    const renamed = await ask("recording.m4a", {}, "HEAD");
    expect(renamed.headers.get("etag")).not.toBe(etag);
    expect(renamed.headers.get("content-disposition")).toContain('filename="Renamed.m4a"');
    await relay.api("PATCH", `/broadcasts/${show.id}`, { title: "Möwen: over" });
    await sleep(1_100);
    expect((await ask("recording.m4a", {}, "HEAD")).headers.get("etag")).toBe(etag);
  });
});

describe("chapters", () => {
  test("are served while the show is on, from going live on", () => {
    expect(during["chapters.json"]?.status).toBe(200);
    const { chapters } = JSON.parse(during["chapters.json"]?.body ?? "") as { chapters: { title: string }[] };
    expect(chapters[0]).toEqual({ startTime: 0, title: "Möwen: live" });
  });

  test("are where the title changed and where markers were set, and name no host", async () => {
    const response = await ask("chapters.json");
    expect(response.headers.get("content-type")).toBe("application/json+chapters");
    const { version, chapters } = (await response.json()) as {
      version: string;
      chapters: { startTime: number; title: string }[];
    };
    expect(version).toBe("1.2.0");
    expect(chapters.map(({ title }) => title)).toEqual(["Möwen: live", "Questions & answers", "Möwen: over"]);
    const [, marked = 0, renamed = 0] = chapters.map(({ startTime }) => startTime);
    // The segment in which the host was first heard began up to two seconds before the host.
    expect(marked).toBeGreaterThan(2.5);
    expect(marked).toBeLessThan(7);
    expect(renamed - marked).toBeGreaterThan(1.8);
    expect(renamed - marked).toBeLessThan(3.5);
    const vtt = await ask("chapters.vtt");
    expect([vtt.headers.get("content-type"), vtt.headers.get("access-control-allow-origin")]).toEqual([
      "text/vtt; charset=utf-8",
      "*",
    ]);
    const text = await vtt.text();
    expect(text).toMatch(/^WEBVTT\n\n1\n00:00:00.000 --> 00:00:0\d\.\d{3}\nMöwen: live\n\n2\n/);
    expect(text).toContain("Questions &amp; answers");
    expect(text).not.toMatch(/Host/);
  });
});

test("nothing of the recording is left once the show is deleted", async () => {
  expect((await relay.api("DELETE", `/broadcasts/${show.id}`)).status).toBe(204);
  const statusOf = async (name: string) => (await ask(name)).status;
  // The edge may repeat its last answer for some seconds.
  for (const name of ["recording.m4a", "chapters.vtt"]) {
    await expect.poll(() => statusOf(name), { timeout: 6_000 }).toBe(404);
    expect(await codeOf(urlOf(show, name)), name).toBe("404 unknown_broadcast");
  }
  expect(await relay.countObjects(`${show.id}/`)).toBe(0);
});
