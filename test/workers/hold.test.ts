import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { until } from "../kit/polling.ts";
import { goertzel, magnitude } from "../kit/probe/goertzel.ts";
import { decode } from "../kit/program.ts";
import { Runtime } from "../kit/runtime.ts";
import { wavOf } from "../kit/wav.ts";

/** Hold audio in the real runtime: when it plays, how it sounds, and how a producer uploads one. */

let runtime: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  runtime = await Runtime.start([
    { ...EARSHOT, vars: { SFU_API: sfu.url } },
    // Deployed as two Workers: this one is only an edge, and the first is its origin.
    {
      ...EARSHOT,
      name: "edge",
      objectsOf: "earshot",
      services: { ORIGIN: { name: "earshot", entrypoint: "Origin" } },
    },
  ]);
});
afterAll(async () => {
  await runtime.close();
  sfu.close();
});

const lineOf = async (show: CreatedBroadcast) =>
  ((await (await fetch(show.statusUrl)).json()) as { line: string | null }).line;

/** Listens until the show's line is `wanted`; like a player, it reloads the playlist. */
async function heard(
  listener: Listener,
  show: CreatedBroadcast,
  wanted: string,
  seconds = 10,
): Promise<void> {
  let line: string | null = null;
  const isWanted = async () => {
    await listener.list();
    line = await lineOf(show);
    return line === wanted;
  };
  const failure = () => `the line is ${line}, not ${wanted}`;
  await until(isWanted, { within: 1000 * seconds, every: 200, failure });
}

/** Returns the decoded samples of the newest `count` segments. */
async function newest(listener: Listener, count: number): Promise<Float32Array> {
  const list = await listener.list();
  const names = list.segments.slice(-count).map(({ name }) => name);
  const files = await Promise.all([list.init ?? "", ...names].map((name) => listener.bytes(name)));
  return decode(Buffer.concat(files), "mp4");
}

const rmsDb = (pcm: Float32Array) =>
  10 * Math.log10(pcm.reduce((sum, value) => sum + value * value, 0) / pcm.length);
/** Returns a tone's amplitude, dBFS. */
const toneDb = (pcm: Float32Array, hertz: number) => {
  const from = Math.floor(pcm.length / 3);
  return 20 * Math.log10(magnitude(goertzel(pcm, from, 24_000, hertz, 48_000)));
};

const put = (show: CreatedBroadcast, file: string | Buffer<ArrayBuffer>, query = "", worker = "earshot") =>
  runtime.ask(worker, `/api/broadcasts/${show.id}/hold${query}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${runtime.adminToken}` },
    body: file,
  });
const holdOf = async ({ id }: CreatedBroadcast) =>
  (await (await runtime.api("GET", `/broadcasts/${id}/hold`)).json()) as Record<string, unknown>;

describe.concurrent("a show without a host", () => {
  test("plays the built-in from the first playlist on, and its status says so", async ({ expect }) => {
    const show = await runtime.create({ latency: "low", hold: "default" });
    const listener = await Listener.join(show.playbackUrl);
    await heard(listener, show, "hold", 3);
    await sleep(4_000);
    const level = rmsDb(await newest(listener, 2));
    expect(level).toBeGreaterThan(-29);
    expect(level).toBeLessThan(-19);
    expect((await listener.list()).text).not.toMatch(/^#EXT-X-DISCONTINUITY$/m);
    const events = (await (await fetch(show.statusUrl.replace("status.json", "events.json"))).json()) as {
      events: { kind: string }[];
    };
    expect(events.events.map(({ kind }) => kind)).toContain("hold-on");
  });

  test("is silent with hold audio switched off, until that is changed", async ({ expect }) => {
    const show = await runtime.create({ latency: "low", hold: "none" });
    const listener = await Listener.join(show.playbackUrl);
    for (let n = 0; n < 8; n++) {
      await listener.list();
      await sleep(250);
    }
    expect(await lineOf(show)).toBe("silence");
    expect(rmsDb(await newest(listener, 1))).toBe(Number.NEGATIVE_INFINITY);
    expect((await runtime.api("PATCH", `/broadcasts/${show.id}`, { hold: "own" })).status).toBe(400);
    expect((await runtime.api("PATCH", `/broadcasts/${show.id}`, { hold: "default" })).status).toBe(200);
    await heard(listener, show, "hold", 5);
  });

  test("changes to its host without an overlap, and back to hold audio after the set time without a host", async ({
    expect,
  }) => {
    const show = await runtime.create({
      latency: "low",
      hold: "default",
      autoOpen: false,
      holdAfterSeconds: 2,
    });
    const host = await Host.publish(show, sfu);
    host.talk(tone(2_000));
    const listener = await Listener.join(show.playbackUrl);
    await heard(listener, show, "hosts");
    host.leave();
    const leftAt = Date.now();
    await heard(listener, show, "hold");
    expect(Date.now() - leftAt).toBeGreaterThan(1_900);
    expect(Date.now() - leftAt).toBeLessThan(7_000);
    await sleep(2_500);
    const back = await Host.publish(show, sfu);
    back.talk(tone(2_000));
    await heard(listener, show, "hosts");
    await sleep(5_000);
    const pcm = await newest(listener, 8);
    // In steps of 20 ms: whether the host's tone is there, and whether lower sound is, which only hold audio has. A
    // mean over 24 samples, one period of the tone, removes the tone.
    const low = pcm.map((_, i) => pcm.subarray(i, i + 24).reduce((sum, value) => sum + value, 0) / 24);
    let [held, both] = [0, 0];
    for (let from = 0; from + 984 <= pcm.length; from += 960) {
      const host = magnitude(goertzel(pcm, from, 960, 2_000, 48_000));
      const isHeld = rmsDb(low.subarray(from, from + 960)) > -40;
      if (isHeld) held++;
      if (isHeld && host > 0.05) both++;
    }
    console.log(
      `Of ${pcm.length / 960} windows of 20 ms ${held} have hold audio, and ${both} the host beside it`,
    );
    expect(held).toBeGreaterThan(50);
    // In a window in which the tone begins or ends, its own edge counts as low sound.
    expect(both).toBeLessThanOrEqual(1);
    back.leave();
  });

  test("plays hold audio while its host talks but is muted, and is live when the mute ends", async ({
    expect,
  }) => {
    const show = await runtime.create({ latency: "low", hold: "default" });
    const mute = (muted: boolean) => runtime.api("PATCH", `/broadcasts/${show.id}/hosts/host`, { muted });
    await mute(true);
    const listener = await Listener.join(show.playbackUrl);
    await heard(listener, show, "hold");
    const host = await Host.publish(show, sfu);
    host.talk(tone(2_000));
    const described = async () => {
      const { state, hosts } = await runtime.describe(show.id);
      return [state, hosts.map(({ heard }) => heard)];
    };
    await expect.poll(described, { timeout: 10_000 }).toEqual(["open", [true]]);
    for (let n = 0; n < 10; n++) {
      await listener.list();
      expect(await lineOf(show)).toBe("hold");
      await sleep(200);
    }
    expect((await described())[0]).toBe("open");
    await mute(false);
    await heard(listener, show, "hosts", 3);
    await expect.poll(described, { timeout: 5_000 }).toEqual(["live", [true]]);
    host.leave();
  });

  test("changes to hold audio when nothing comes from its host any more, on a socket that stays open, and back", async ({
    expect,
  }) => {
    const show = await runtime.create({ latency: "low", hold: "default", holdAfterSeconds: 4 });
    const host = await Host.publish(show, sfu);
    host.talk(tone(2_000));
    const listener = await Listener.join(show.playbackUrl);
    await heard(listener, show, "hosts");
    host.hush();
    const quietFrom = Date.now();
    await heard(listener, show, "hold");
    expect(Date.now() - quietFrom).toBeGreaterThan(3_900);
    expect(Date.now() - quietFrom).toBeLessThan(8_000);
    host.talk(tone(2_000));
    await heard(listener, show, "hosts", 3);
    host.leave();
  });
});

describe.concurrent("a producer's own hold audio", () => {
  test.each([
    ["16 bit, mono, 44.1 kHz", { rate: 44_100, channels: 1, bits: 16 }, "earshot"],
    ["24 bit, stereo, 48 kHz", { rate: 48_000, channels: 2, bits: 24 }, "earshot"],
    [
      "32-bit float, stereo, 44.1 kHz, by an edge of its own",
      { rate: 44_100, channels: 2, bits: 32, tag: 3 },
      "edge",
    ],
  ] as const)(
    "of %s is levelled to -24 LUFS and played, and DELETE brings the built-in back",
    async (_, shape, worker) => {
      const show = await runtime.create({ latency: "low", hold: "default" });
      const file = wavOf({ ...shape, seconds: 5.4 }, (t) => 0.5 * Math.sin(2 * Math.PI * 1_000 * t));
      const answer = await put(show, file, "", worker);
      const told = (await answer.json()) as {
        hold: string;
        own: { seconds: number; loudness: number; gainDb: number };
      };
      expect([answer.status, told.hold]).toEqual([200, "own"]);
      expect(told.own.seconds).toBeCloseTo(5.4, 3);
      // A 1 kHz sine of -6.02 dBFS on both channels is -6.02 LUFS (EBU Tech 3341 case 1).
      expect(told.own.loudness).toBeCloseTo(-6, 0);
      expect(told.own.gainDb).toBeCloseTo(-18, 0);
      expect(await holdOf(show)).toEqual(JSON.parse(JSON.stringify(told)));
      const listener = await Listener.join(show.playbackUrl);
      await heard(listener, show, "hold");
      // Listen beyond the file's end: it loops.
      await listener.until(8, 0);
      const pcm = await newest(listener, 3);
      expect(toneDb(pcm, 1_000)).toBeGreaterThan(-25.5);
      expect(toneDb(pcm, 1_000)).toBeLessThan(-22.5);
      const deleted = await runtime.api("DELETE", `/broadcasts/${show.id}/hold`);
      expect(await deleted.json()).toEqual({ hold: "default", own: null });
      expect((await runtime.storedObjects(`${show.id}/hold/`)).size).toBe(0);
      await sleep(4_500);
      expect(toneDb(await newest(listener, 1), 1_000)).toBeLessThan(-50);
    },
  );

  test("plays with its own loudness with ?asis=1, and replaces the one before it in R2", async ({
    expect,
  }) => {
    const show = await runtime.create();
    const file = wavOf({ rate: 48_000, channels: 1, bits: 16, seconds: 2 }, (t) => 0.9 * Math.sin(2_000 * t));
    await put(show, file);
    const [first] = [...(await runtime.storedObjects(`${show.id}/hold/`)).keys()];
    const told = (await (await put(show, file, "?asis=1")).json()) as { own: { gainDb: number } };
    expect(told.own.gainDb).toBe(0);
    const kept = await runtime.storedObjects(`${show.id}/hold/`);
    expect(kept.size).toBe(1);
    expect(kept.has(first ?? "")).toBe(false);
    expect([...kept.values()][0]?.length).toBe(2 * 48_000 * 4);
    await runtime.api("DELETE", `/broadcasts/${show.id}`);
    expect((await runtime.storedObjects(`${show.id}/`)).size).toBe(0);
  });

  const good = { rate: 48_000, channels: 2, bits: 16, seconds: 1.5 };
  const quiet = () => 0.1;
  test.each<[string, () => string | Buffer<ArrayBuffer>, RegExp]>([
    ["nothing", () => "", /WAV/],
    ["no WAV file", () => Buffer.alloc(60, "ID3 and more"), /no WAV file/],
    ["a RIFF header alone", () => Buffer.from("RIFF0000WAVE"), /ends before its sound/],
    ["8-bit samples", () => wavOf({ ...good, bits: 8 }, quiet), /8-bit samples.*16 or 24 bits/],
    ["three channels", () => wavOf({ ...good, channels: 3 }, quiet), /3 channels/],
    ["22,050 Hz", () => wavOf({ ...good, rate: 22_050 }, quiet), /22050 samples a second/],
    ["half a second", () => wavOf({ ...good, seconds: 0.5 }, quiet), /0\.50 s long.*at least 1 s/],
    ["11 minutes by its header", () => lengthened(660 * 192_000), /660 s long.*at most 600 s/],
    ["a stream's header", () => lengthened(0xffff_ffff), /does not say how long/],
    ["half of a file", () => wavOf(good, quiet).subarray(0, 100_000), /not whole: \d+ bytes/],
  ])("is refused if it is %s, and the one that was set stays", async (_, body, message) => {
    const show = await runtime.create();
    await put(show, wavOf(good, quiet));
    const before = await holdOf(show);
    const answer = await put(show, body());
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect([answer.status, error.code]).toEqual([400, "invalid_hold_audio"]);
    expect(error.message).toMatch(message);
    expect(await holdOf(show)).toEqual(before);
    expect((await runtime.storedObjects(`${show.id}/hold/`)).size).toBe(1);
  });
  function lengthened(bytes: number): Buffer<ArrayBuffer> {
    const file = wavOf(good, quiet);
    file.writeUInt32LE(bytes, 40);
    return file;
  }

  test.each([
    ["?asis=true", /"asis": it is 1 or 0/],
    ["?asis=", /"asis": it is 1 or 0/],
    ["?asis=1&asis=1", /"asis" may be there once/],
    ["?asIs=1", /no parameter "asIs"/],
    ["?every=60", /no parameter "every"/],
  ])("is refused with %s, and the one that was set stays", async (query, message) => {
    const show = await runtime.create();
    await put(show, wavOf(good, quiet), "?asis=0");
    const before = await holdOf(show);
    const answer = await put(show, wavOf(good, quiet), query);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect([answer.status, error.code]).toEqual([400, "invalid_query"]);
    expect(error.message).toMatch(message);
    expect(await holdOf(show)).toEqual(before);
  });

  test("is accepted only from operators, and only for an existing broadcast that has not ended", async ({
    expect,
  }) => {
    const show = await runtime.create();
    const path = `/api/broadcasts/${show.id}/hold`;
    expect((await runtime.ask("earshot", path, { method: "PUT", body: "x" })).status).toBe(401);
    expect((await put({ ...show, id: "nobody-000000" }, wavOf(good, quiet))).status).toBe(404);
    expect((await runtime.api("POST", `/broadcasts/${show.id}/hold`)).status).toBe(405);
    await runtime.api("POST", `/broadcasts/${show.id}/end`);
    expect((await put(show, wavOf(good, quiet))).status).toBe(410);
    expect((await runtime.storedObjects(`${show.id}/hold/`)).size).toBe(0);
  });
});

test("a show goes on with hold audio after its object is made anew", async () => {
  const show = await runtime.create({ latency: "low", hold: "default" });
  const listener = await Listener.join(show.playbackUrl);
  await heard(listener, show, "hold");
  await listener.until(5, 0);
  await runtime.restart();
  await heard(listener, show, "hold", 5);
  expect((await listener.list()).text).not.toMatch(/^#EXT-X-DISCONTINUITY$/m);
});
