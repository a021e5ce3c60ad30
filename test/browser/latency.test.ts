import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Latency } from "../../src/media.ts";
import { startChromium } from "../kit/chromium.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { clockMarks, goLive, listenTo, publishRaw } from "../kit/people.ts";
import { measuringLoop, RATE, TONE_HZ } from "../kit/probe/signal.ts";
import { gaps, phaseJumps, pitch, toneLevel, unexcusedGaps } from "../kit/probe/tone.ts";
import { wav } from "../kit/probe/wav.ts";
import { delays, quantile, take, timedMarks } from "../kit/recording.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// Measures the latency from mouth to ear through the real parts: a browser's WebRTC, the relay in its runtime, hls.js
// in the listener page. Two shows run at once in every round, each with a publisher of its own, and neither may be
// heard in the other.

const SECONDS = 30;
/** Ceilings for the median on this machine, ms. */
const CEILING: Readonly<Record<string, number>> = { low: 2200, balanced: 3200 };
const OTHER_TONE_HZ = 1300;

let stage: Stage;
let browser: Browser;
const table = ["show      publisher   marks  p50 ms  p95 ms  stalls  starved  gaps  jumps  pitch Hz"];

beforeAll(async () => {
  stage = await setStage();
  // Longer than the test: the fake microphone drops a few milliseconds where it begins its file again.
  const loop = measuringLoop();
  const file = new Float32Array(loop.length * 6);
  for (let i = 0; i < 6; i++) file.set(loop, i * loop.length);
  const microphone = join(stage.folder, "microphone.wav");
  await writeFile(microphone, wav([file], RATE));
  browser = await startChromium({ microphone });
});

afterAll(async () => {
  console.log(table.join("\n"));
  await browser?.close();
  await stage?.stop();
});

test.each([
  ["low", "balanced"],
  ["balanced", "low"],
] as const)("studio page to a %s show, another client to a %s show, at once", async (ours, theirs) => {
  const [ourShow, theirShow] = await Promise.all([stage.create(ours), stage.create(theirs)]);
  const studio = await goLive(browser, ourShow);
  const publisher = await publishRaw(browser, theirShow, OTHER_TONE_HZ);
  const [ourListener, theirListener] = await Promise.all([listen(ourShow), listen(theirShow)]);
  await studio.page.evaluate("mouth.tap.reset()");
  await sleep(3000);
  stage.settle();
  for (const { page } of [ourListener, theirListener]) await page.evaluate("ear.reset()");
  await sleep(SECONDS * 1000);

  const heardOurs = await take(ourListener.page, "ear.take()");
  const heardTheirs = await take(theirListener.page, "ear.take()");
  const mouth = await take(studio.page, "mouth.tap.take()");
  const now = Date.now();
  const listings = await Promise.all([ourShow, theirShow].map((show) => stage.listing(show)));
  table.push(
    `  parts listed p50, p99, max ms after their last sample: ${listings.map(({ p50, p99, max }) => `${p50}, ${p99}, ${max}`).join(" and ")}; ` +
      `the machine withheld ${stage.stalled().toFixed(0)} ms at worst from the media server`,
  );
  const rows = [
    judge(ours, "studio", heardOurs, timedMarks(mouth, mouth.renderedAt), TONE_HZ),
    judge(theirs, "other", heardTheirs, clockMarks(now - 60_000, now), OTHER_TONE_HZ),
  ];
  for (const { page } of [studio, publisher, ourListener, theirListener]) await page.context().close();

  for (const row of rows) {
    expect(row.lost, "audio the test's own tap missed").toBe(0);
    expect(row.marks).toBeGreaterThanOrEqual(SECONDS - 2);
    expect(row.p50).toBeLessThanOrEqual(CEILING[row.latency] ?? 0);
    expect(row.stalls).toEqual([]);
    expect(row.holes).toEqual([]);
    expect(Math.abs(row.pitch / row.toneHz - 1)).toBeLessThan(0.002);
  }
  expect(toneLevel(heardOurs.pcm, RATE, OTHER_TONE_HZ), "their tone in our show").toBeLessThan(0.002);
  expect(toneLevel(heardTheirs.pcm, RATE, TONE_HZ), "our tone in their show").toBeLessThan(0.002);
  for (const { trimmed } of [heardOurs, heardTheirs]) {
    expect(trimmed, "s trimmed: hls.js 1.7.4 stalls when it trims while it appends").toBe(0);
  }
  for (const { faults } of [studio, publisher, ourListener, theirListener]) expect(faults).toEqual([]);
});

function listen(show: CreatedBroadcast) {
  return listenTo(browser, show);
}

function judge(
  latency: Latency,
  publisher: string,
  heard: Awaited<ReturnType<typeof take>>,
  spoken: ReturnType<typeof timedMarks>,
  toneHz: number,
) {
  const late = delays(spoken, timedMarks(heard, heard.heardAt));
  const row = {
    latency,
    toneHz,
    lost: heard.lost,
    marks: late.length,
    p50: quantile(late, 0.5),
    p95: quantile(late, 0.95),
    stalls: heard.stalls,
    starved: heard.starved,
    gaps: gaps(heard.pcm, heard.rate, toneHz),
    holes: unexcusedGaps(heard.pcm, heard.rate, toneHz, stage.stalled()),
    jumps: phaseJumps(heard.pcm, heard.rate, toneHz).length,
    pitch: pitch(heard.pcm, heard.rate, toneHz),
  };
  table.push(
    [
      latency.padEnd(9),
      publisher.padEnd(11),
      String(row.marks).padStart(5),
      row.p50.toFixed(0).padStart(7),
      row.p95.toFixed(0).padStart(7),
      String(row.stalls.length).padStart(7),
      String(row.starved).padStart(8),
      String(row.gaps.length).padStart(5),
      String(row.jumps).padStart(6),
      row.pitch.toFixed(2).padStart(9),
    ].join(" "),
  );
  return row;
}
