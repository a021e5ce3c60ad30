import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startChromium } from "../kit/chromium.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { decode, run } from "../kit/program.ts";
import { Runtime } from "../kit/runtime.ts";

/**
 * Real players play the recording of a two-hour show: they know its duration, and seek to its end within a second. Its
 * segments are those of a show of a few seconds, repeated in the index and in R2.
 */

const HOURS = 2;
const SEGMENT_UNITS = 90;
const SEGMENT_S = (SEGMENT_UNITS * 1024) / 48_000;
const MIB = 1_048_576;

let relay: Runtime;
let sfu: FakeSfu;
let show: CreatedBroadcast;
let url: string;
let seconds: number;

beforeAll(async () => {
  sfu = await FakeSfu.start();
  relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }], {
    opensStorage: true,
    measuresHeap: true,
  });
  show = await relay.open({ latency: "low", title: "Two hours" });
  url = new URL("recording.m4a", show.playbackUrl).href;
  const host = await Host.publish(show, sfu);
  host.talk(tone(440));
  await sleep(12_000);
  host.leave();
  await relay.api("POST", `/broadcasts/${show.id}/end`);
}, 60_000);
afterAll(async () => {
  await relay.close();
  sfu.close();
});

test("a recording decodes to the same samples as its segments", { timeout: 60_000 }, async () => {
  const recording = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const kept = [...(await relay.storedObjects(`${show.id}/`))].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const [row] = await relay.sql(show.id, "SELECT liveFrom FROM timeline");
  const segments = kept.filter(
    ([key]) => Number(/s(\d+)\.m4s$/.exec(key)?.[1] ?? -1) >= Number(row?.liveFrom),
  );
  const init = kept.filter(([key]) => key.endsWith("init.mp4"));
  const [ours, theirs] = [
    await decode(recording, "mp4"),
    await decode(Buffer.concat([...init, ...segments].map(([, bytes]) => bytes)), "mp4"),
  ];
  expect(ours.length).toBeGreaterThan(8 * 48_000);
  expect(Buffer.compare(Buffer.from(ours.buffer), Buffer.from(theirs.buffer))).toBe(0);
});

/** Repeats the show's segments until it is {@link HOURS} long. */
async function prolong(): Promise<void> {
  const full = await relay.sql(
    show.id,
    `SELECT msn, epoch FROM indexed WHERE units = ${SEGMENT_UNITS} AND msn >= (SELECT liveFrom FROM timeline) ORDER BY msn`,
  );
  const [first, last] = [Number(full[0]?.msn), Number(full.at(-1)?.msn)];
  const times = Math.ceil((HOURS * 3_600) / SEGMENT_S / full.length) - 1;
  await relay.sql(show.id, `DELETE FROM indexed WHERE msn > ${last}`);
  await relay.sql(
    show.id,
    `WITH RECURSIVE time(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM time WHERE n < ${times})
     INSERT INTO indexed SELECT epoch, msn + n * ${full.length}, at + n * ${full.length * SEGMENT_UNITS * 1024}, units, bytes, sizes
     FROM indexed, time WHERE msn BETWEEN ${first} AND ${last}`,
  );
  const prefix = `${show.id}/${full[0]?.epoch}/s`;
  const keyOf = (msn: number) => `${prefix}${String(msn).padStart(10, "0")}.m4s`;
  const kept = await relay.storedObjects(prefix);
  for (let n = 1; n <= times; n++)
    await Promise.all(
      full.map(({ msn }) =>
        relay.putObject(
          keyOf(Number(msn) + n * full.length),
          kept.get(keyOf(Number(msn))) ?? new Uint8Array(0),
        ),
      ),
    );
  seconds = (times + 1) * full.length * SEGMENT_S;
  // Reads are remembered for a second, and an object may have the plan of the shorter show.
  await relay.api("PATCH", `/broadcasts/${show.id}`, { title: "Two hours" });
  await sleep(1_100);
}

test("players know its duration of two hours, and reach its end within a second", {
  timeout: 300_000,
}, async () => {
  await prolong();
  /** Runs it twice and returns the shorter time: the machine may have been busy. */
  const took = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    let [last, least]: [T | null, number] = [null, Number.POSITIVE_INFINITY];
    for (const _ of ["first", "again"]) {
      const from = performance.now();
      last = await work();
      least = Math.min(least, Math.round(performance.now() - from));
    }
    return [last as T, least];
  };

  const fields =
    "format=duration,size:stream=codec_name,profile,sample_rate,channels,nb_frames:format_tags=title";
  const args = ["-v", "warning", "-show_entries", fields, "-of", "json", url];
  const [probed, probeMs] = await took(() => run("ffprobe", args, { seconds: 60 }));
  expect([probed.code, probed.stderr]).toEqual([0, ""]);
  const { streams, format } = JSON.parse(probed.stdout.toString());
  expect(Number(format.duration)).toBeCloseTo(seconds, 1);
  expect(seconds).toBeGreaterThanOrEqual(HOURS * 3_600);
  expect(format.tags.title).toBe("Two hours");
  expect(streams[0]).toMatchObject({ codec_name: "aac", profile: "LC", sample_rate: "48000", channels: 2 });

  const end = ["-v", "warning", "-ss", String(seconds - 3), "-i", url, "-f", "f32le", "pipe:1"];
  const [decoded, ffmpegMs] = await took(() => run("ffmpeg", end, { seconds: 60 }));
  expect([decoded.code, decoded.stderr]).toEqual([0, ""]);
  expect(decoded.stdout.length / 8 / 48_000).toBeCloseTo(3, 0);

  const quiet = ["--no-config", "--msg-level=all=warn", "--ao=pcm", "--ao-pcm-file=/dev/null", "--vo=null"];
  const [mpv, mpvMs] = await took(() => run("mpv", [...quiet, "--start=-3", url], { seconds: 60 }));
  expect([mpv.code, mpv.stdout.toString(), mpv.stderr]).toEqual([0, "", ""]);

  const browser = await startChromium();
  const page = await (await browser.newContext()).newPage();
  const seen = await page.evaluate(async (source) => {
    // biome-ignore lint/suspicious/noExplicitAny: the types of pages are not those of tests
    const audio = new (globalThis as any).Audio();
    const once = (name: string) =>
      new Promise((resolve) => audio.addEventListener(name, resolve, { once: true }));
    audio.muted = true;
    const from = performance.now();
    audio.src = source;
    await once("loadedmetadata");
    const loaded = performance.now();
    audio.currentTime = audio.duration - 3;
    await once("seeked");
    const sought = performance.now();
    const ended = once("ended");
    await audio.play();
    await ended;
    return {
      duration: audio.duration,
      loadMs: loaded - from,
      seekMs: sought - loaded,
      error: audio.error?.message ?? null,
    };
  }, url);
  await browser.close();
  expect(seen.error).toBeNull();
  expect(seen.duration).toBeCloseTo(seconds, 1);
  console.log(
    `A recording of ${Math.round(seconds)} s: ffprobe ${probeMs} ms, ffmpeg the last 3 s ${ffmpegMs} ms, mpv the last 3 s ${mpvMs} ms, ` +
      `Chromium's own player: metadata ${Math.round(seen.loadMs)} ms, seek to the end ${Math.round(seen.seekMs)} ms`,
  );
  expect(seen.seekMs).toBeLessThan(1_000);
  for (const ms of [probeMs, ffmpegMs, mpvMs]) expect(ms).toBeLessThan(1_000);
});

test("a whole download uses no memory, whether it is read fast, slowly or only in part", {
  timeout: 300_000,
}, async () => {
  const look = async () => (await relay.heap("earshot")) / MIB;
  await (await fetch(url, { headers: { range: "bytes=0-1000000" } })).arrayBuffer();
  const before = await look();
  const from = performance.now();
  const response = await fetch(url);
  let bytes = 0;
  let during = 0;
  for await (const chunk of response.body ?? []) {
    const had = Math.floor(bytes / (32 * MIB));
    bytes += chunk.length;
    // While the reader pauses, the relay holds only what it has fetched ahead for it.
    if (Math.floor(bytes / (32 * MIB)) > had) during = Math.max(during, await look());
  }
  const took = (performance.now() - from) / 1000;
  expect(bytes).toBe(Number(response.headers.get("content-length")));
  for (let n = 0; n < 20; n++) {
    const gone = await fetch(url);
    await gone.body?.getReader().cancel();
  }
  await sleep(500);
  const after = await look();
  console.log(
    `${(bytes / MIB).toFixed(1)} MiB in ${took.toFixed(1)} s; heap ${before.toFixed(1)} MiB before, ${during.toFixed(1)} at most while it ` +
      `is paused, ${after.toFixed(1)} after it and 20 that were broken off`,
  );
  expect(during).toBeLessThan(before + 8);
  expect(after).toBeLessThan(before + 4);
  expect(relay.log()).not.toMatch(/breaks off/);
});
