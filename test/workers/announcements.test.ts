import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { chromium } from "../kit/offers.ts";
import { goertzel, magnitude } from "../kit/probe/goertzel.ts";
import { decode } from "../kit/program.ts";
import { Runtime } from "../kit/runtime.ts";
import { wavOf } from "../kit/wav.ts";

/** Announcements over hold audio in the real runtime: what listeners hear, what R2 has, and what the API refuses. */

let runtime: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  runtime = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }]);
});
afterAll(async () => {
  await runtime.close();
  sfu.close();
});

const sineOf = (hertz: number, seconds: number, amplitude = 0.5) =>
  wavOf(
    { rate: 44_100, channels: 2, bits: 16, seconds },
    (t) => amplitude * Math.sin(2 * Math.PI * hertz * t),
  );
const put = ({ id }: Pick<CreatedBroadcast, "id">, path: string, file: string | Buffer<ArrayBuffer>) =>
  runtime.ask("earshot", `/api/broadcasts/${id}/${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${runtime.adminToken}` },
    body: file,
  });
const get = async ({ id }: CreatedBroadcast, state: string) =>
  (await (await runtime.api("GET", `/broadcasts/${id}/announcements/${state}`)).json()) as {
    announcement: Record<string, number> | null;
  };
const kept = ({ id }: CreatedBroadcast) => runtime.storedObjects(`${id}/announcements/`);

/** Listens as a player does for so many seconds; returns the decoded samples of the segments listed last. */
async function listen(listener: Listener, seconds: number): Promise<Float32Array> {
  for (const until = Date.now() + 1_000 * seconds; Date.now() < until; await sleep(400))
    await listener.list();
  const list = await listener.list();
  const names = list.segments.slice(-Math.ceil(seconds / 1.92)).map(({ name }) => name);
  const files = await Promise.all([list.init ?? "", ...names].map((name) => listener.bytes(name)));
  return decode(Buffer.concat(files), "mp4");
}

const WINDOW = 4_096;
/** Returns the amplitude of each tone, dBFS, in windows of 85 ms. */
function tonesOf(pcm: Float32Array, ...tones: readonly number[]): number[][] {
  return Array.from({ length: Math.floor(pcm.length / WINDOW) }, (_, n) =>
    tones.map((hertz) => 20 * Math.log10(magnitude(goertzel(pcm, n * WINDOW, WINDOW, hertz, 48_000)))),
  );
}
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

describe.concurrent("an announcement", () => {
  test("is spoken at -18 LUFS before the first host, over hold audio that is 12 dB lower meanwhile", async ({
    expect,
  }) => {
    const show = await runtime.create({ latency: "low", hold: "default" });
    await put(show, "hold?asis=1", sineOf(400, 2, 0.1));
    const answer = await put(show, "announcements/before?every=3600", sineOf(1_000, 3));
    const told = (await answer.json()) as { announcement: Record<string, number> };
    expect([answer.status, told.announcement.every]).toEqual([200, 3_600]);
    expect(told.announcement.seconds).toBeCloseTo(3, 3);
    expect(told.announcement.loudness).toBeCloseTo(-6, 0);
    expect(told.announcement.gainDb).toBeCloseTo(-12, 0);
    expect(await get(show, "before")).toEqual(told);
    expect([...(await kept(show)).values()].map(({ length }) => length)).toEqual([3 * 48_000 * 4]);
    const listener = await Listener.join(show.playbackUrl);
    const windows = tonesOf(await listen(listener, 11), 1_000, 400);
    const spoken = windows.filter(([said = 0]) => said > -20);
    const alone = windows.filter(([said = 0, held = 0]) => said < -60 && held > -24);
    console.log(`${spoken.length} windows are spoken, ${alone.length} are hold audio alone`);
    expect((spoken.length * WINDOW) / 48_000).toBeGreaterThan(2.6);
    expect((spoken.length * WINDOW) / 48_000).toBeLessThan(3.2);
    expect(alone.length).toBeGreaterThan(10);
    // -6 LUFS are -6.02 dBFS of this tone (EBU Tech 3341 case 1), so -18 LUFS are -18 dBFS.
    expect(Math.abs(median(spoken.map(([said = 0]) => said)) + 18)).toBeLessThan(1);
    const lower = median(alone.map(([, held = 0]) => held)) - median(spoken.map(([, held = 0]) => held));
    expect(Math.abs(lower - 12)).toBeLessThan(1);
    expect((await listener.list()).text).not.toMatch(/^#EXT-X-DISCONTINUITY$/m);
  });

  test("of an interrupted show is spoken once its host has gone, and no more after it is deleted", async ({
    expect,
  }) => {
    const show = await runtime.create({
      latency: "low",
      hold: "default",
      autoOpen: false,
      holdAfterSeconds: 0,
    });
    await put(show, "hold?asis=1", sineOf(400, 2, 0.1));
    await put(show, "announcements/before", sineOf(1_000, 2));
    await put(show, "announcements/interrupted?every=10", sineOf(3_000, 2));
    expect((await get(show, "before")).announcement?.every).toBe(60);
    const host = await Host.publish(show, sfu);
    host.talk(tone(2_000));
    const listener = await Listener.join(show.playbackUrl);
    const beside = tonesOf(await listen(listener, 5), 1_000, 3_000, 2_000);
    expect(beside.some(([, , host = 0]) => host > -20)).toBe(true);
    expect(beside.every(([before = 0, interrupted = 0]) => before < -50 && interrupted < -50)).toBe(true);
    host.leave();
    const after = tonesOf(await listen(listener, 14), 1_000, 3_000);
    const spoken = after.filter(([, interrupted = 0]) => interrupted > -25);
    expect((spoken.length * WINDOW) / 48_000).toBeGreaterThan(1.6);
    expect(after.every(([before = 0]) => before < -45)).toBe(true);
    const deleted = await runtime.api("DELETE", `/broadcasts/${show.id}/announcements/interrupted`);
    expect(await deleted.json()).toEqual({ state: "interrupted", announcement: null });
    expect([...(await kept(show)).keys()].every((key) => key.includes("/before/"))).toBe(true);
    // Sound made before the deletion leaves the newest segments; the rest lasts longer than the announcement's
    // interval.
    await listen(listener, 6);
    expect(tonesOf(await listen(listener, 12), 3_000).every(([said = 0]) => said < -50)).toBe(true);
  });

  test("for after the show is spoken once over hold audio, and then the playlist ends", async ({
    expect,
  }) => {
    const show = await runtime.create({ latency: "low", hold: "default", autoOpen: false });
    await put(show, "hold?asis=1", sineOf(400, 2, 0.1));
    const set = (await (await put(show, "announcements/after", sineOf(3_000, 2))).json()) as {
      announcement: Record<string, number | null>;
    };
    expect(set.announcement.every).toBeNull();
    const host = await Host.publish(show, sfu);
    host.talk(tone(2_000));
    const listener = await Listener.join(show.playbackUrl);
    await listen(listener, 4);
    const asked = Date.now();
    const over = await runtime.api("POST", `/broadcasts/${show.id}/end`);
    const told = (await over.json()) as { state: string; farewellUntil: number };
    expect(told.state).toBe("live");
    expect(Math.abs(told.farewellUntil - asked - 7_000)).toBeLessThan(1_000);
    const headers = { authorization: `Bearer ${show.hostKey}`, "content-type": "application/sdp" };
    expect((await fetch(show.whipUrl, { method: "POST", headers, body: chromium })).status).toBe(410);
    const heard = tonesOf(await listen(listener, 10), 3_000, 400, 2_000);
    const list = await listener.list();
    expect(list.ended).toBe(true);
    expect(Date.now() - asked).toBeLessThan(12_000);
    const spoken = heard.filter(([said = 0]) => said > -25);
    expect((spoken.length * WINDOW) / 48_000).toBeGreaterThan(1.6);
    expect((spoken.length * WINDOW) / 48_000).toBeLessThan(2.2);
    // The host is not heard beside it; hold audio is.
    expect(spoken.every(([, held = 0, host = 0]) => held > -50 && host < -45)).toBe(true);
    expect(list.text).not.toMatch(/^#EXT-X-DISCONTINUITY$/m);
    expect(await (await runtime.api("GET", `/broadcasts/${show.id}`)).json()).toMatchObject({
      state: "ended",
      farewellUntil: null,
    });
  });

  test("for after the show is left out when the end is requested twice, or nobody listens", async ({
    expect,
  }) => {
    const show = await runtime.create({ hold: "default", autoOpen: false });
    await put(show, "announcements/after", sineOf(3_000, 2));
    const host = await Host.publish(show, sfu);
    host.talk(tone(2_000));
    const listener = await Listener.join(show.playbackUrl);
    await expect.poll(() => runtime.stateOf(show.id)).toBe("live");
    await listener.list();
    const end = async () =>
      ((await (await runtime.api("POST", `/broadcasts/${show.id}/end`)).json()) as { state: string }).state;
    expect(await end()).toBe("live");
    expect(await end()).toBe("ended");
    const other = await runtime.create({ hold: "default", autoOpen: false });
    await put(other, "announcements/after", sineOf(3_000, 2));
    (await Host.publish(other, sfu)).talk(tone(2_000));
    await sleep(12_000);
    expect(
      ((await (await runtime.api("POST", `/broadcasts/${other.id}/end`)).json()) as { state: string }).state,
    ).toBe("ended");
  });

  test("replaces the one before it in R2, and is deleted with its broadcast", async ({ expect }) => {
    const show = await runtime.create();
    await put(show, "announcements/before", sineOf(1_000, 2));
    const [first] = [...(await kept(show)).keys()];
    await put(show, "announcements/before?every=30", sineOf(1_000, 1.5));
    const keys = [...(await kept(show)).keys()];
    expect(keys.length).toBe(1);
    expect(keys).not.toContain(first);
    await runtime.api("DELETE", `/broadcasts/${show.id}`);
    expect((await runtime.storedObjects(`${show.id}/`)).size).toBe(0);
  });

  const good = sineOf(1_000, 1.5);
  test.each<[string, string, string | Buffer<ArrayBuffer>, number, string, RegExp]>([
    ["again and again after the show", "after?every=30", good, 400, "invalid_query", /spoken once/],
    ["for no state", "meanwhile", good, 404, "no_such_state", /"before", "interrupted" and "after"/],
    ["every 9 s", "before?every=9", good, 400, "invalid_query", /from 10 to 3600/],
    ["every 3,601 s", "before?every=3601", good, 400, "invalid_query", /from 10 to 3600/],
    ["every now and then", "before?every=1e1", good, 400, "invalid_query", /from 10 to 3600/],
    ["evry 10 s", "before?evry=10", good, 400, "invalid_query", /no parameter "evry"/],
    ["as it is", "before?asis=1", good, 400, "invalid_query", /no parameter "asis"/],
    [
      "every 10 s and 20 s",
      "before?every=10&every=20",
      good,
      400,
      "invalid_query",
      /"every" may be there once/,
    ],
    ["of nothing", "before", "", 400, "invalid_announcement", /WAV/],
    ["of 61 s", "before", lengthened(61), 400, "invalid_announcement", /61 s long.*at most 60 s/],
    ["of half a file", "before", good.subarray(0, 90_000), 400, "invalid_announcement", /not whole/],
  ])("is refused %s, and the one that was set stays", async (_, path, body, status, code, message) => {
    const show = await runtime.create();
    await put(show, "announcements/before", good);
    const before = await get(show, "before");
    const answer = await put(show, `announcements/${path}`, body);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect([answer.status, error.code]).toEqual([status, code]);
    expect(error.message).toMatch(message);
    expect(await get(show, "before")).toEqual(before);
    expect((await kept(show)).size).toBe(1);
  });
  function lengthened(seconds: number): Buffer<ArrayBuffer> {
    const file = Buffer.from(good);
    file.writeUInt32LE(seconds * 44_100 * 4, 40);
    return file;
  }

  test("is accepted only from operators, and only for an existing broadcast that has not ended", async ({
    expect,
  }) => {
    const show = await runtime.create();
    const path = `/broadcasts/${show.id}/announcements/before`;
    expect((await runtime.ask("earshot", `/api${path}`, { method: "PUT", body: "x" })).status).toBe(401);
    expect((await put({ id: "nobody-000000" }, "announcements/before", good)).status).toBe(404);
    expect((await runtime.api("POST", path)).status).toBe(405);
    await runtime.api("POST", `/broadcasts/${show.id}/end`);
    expect((await put(show, "announcements/before", good)).status).toBe(410);
    expect((await kept(show)).size).toBe(0);
  });
});

test("an announcement stays set, and is spoken, after its object is made anew", async () => {
  const show = await runtime.create({ latency: "low", hold: "default" });
  await put(show, "announcements/before?every=10", sineOf(3_000, 2));
  const before = await get(show, "before");
  const listener = await Listener.join(show.playbackUrl);
  await listen(listener, 3);
  await runtime.restart();
  expect(await get(show, "before")).toEqual(before);
  const spoken = tonesOf(await listen(listener, 10), 3_000).filter(([said = 0]) => said > -25);
  expect((spoken.length * WINDOW) / 48_000).toBeGreaterThan(1.6);
});
