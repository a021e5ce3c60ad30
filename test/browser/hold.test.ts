import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page, Response } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, startChromium } from "../kit/chromium.ts";
import { waitForStatus } from "../kit/people.ts";
import { goertzel, magnitude } from "../kit/probe/goertzel.ts";
import { measuringLoop, RATE, TONE_HZ } from "../kit/probe/signal.ts";
import { wav } from "../kit/probe/wav.ts";
import { take } from "../kit/recording.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// What a listener who comes before the show hears, and what the page says: hold audio first, then the host and nothing
// else.

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await setStage();
  const microphone = join(stage.folder, "microphone.wav");
  const loop = measuringLoop();
  await writeFile(microphone, wav([loop, loop, loop], RATE));
  browser = await startChromium({ microphone });
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

const db = (power: number) => 10 * Math.log10(power);

/** Measures what the page plays in the next 4 s: all of it, its part below 200 Hz, and the microphone's tone, dBFS. */
async function heard(page: Page): Promise<{ all: number; low: number; tone: number }> {
  await page.evaluate("ear.reset()");
  await page.waitForTimeout(4_000);
  const { pcm, rate } = await take(page, "ear.take()");
  const mean = (values: Float32Array) =>
    values.reduce((sum, value) => sum + value * value, 0) / values.length;
  // A mean over 5 ms removes the tone and its marks, whose pitches are multiples of 200 Hz.
  const span = rate / 200;
  let sum = 0;
  const low = new Float32Array(pcm.length - span);
  for (let i = 0; i < pcm.length; i++) {
    sum += (pcm[i] as number) - (pcm[i - span] ?? 0);
    if (i >= span) low[i - span] = sum / span;
  }
  // In blocks of 50 ms: a player that catches up plays faster, so the tone does not keep one phase for longer.
  const block = rate / 20;
  const blocks = Math.floor(pcm.length / block);
  let tone = 0;
  for (let n = 0; n < blocks; n++)
    tone += magnitude(goertzel(pcm, n * block, block, TONE_HZ, rate)) ** 2 / 2 / blocks;
  return { all: db(mean(pcm)), low: db(mean(low)), tone: db(tone) };
}

test("a listener before the show hears hold audio, and is told so; then the host without it", async () => {
  const show = await stage.create("low", { hold: "default" });
  const listener = await openPage(browser, show.listenUrl, ["ear"]);
  await listener.page.locator("#play:enabled").click();
  await listener.page.evaluate("ear.start()");
  await waitForStatus(listener.page, "Hold music: the show has not begun yet. Stay here.");
  await listener.page.waitForTimeout(3_000);
  const before = await heard(listener.page);

  const studio = await openPage(browser, show.studioUrl);
  for (const filter of ["#echo", "#noise", "#gain"]) await studio.page.locator(filter).uncheck();
  await studio.page.locator("#go:enabled").click();
  await waitForStatus(listener.page, "You are listening live.");
  await listener.page.waitForTimeout(3_000);
  const after = await heard(listener.page);

  const told = ({ all, low, tone }: typeof before) =>
    `${all.toFixed(1)} dBFS, ${low.toFixed(1)} below 200 Hz, the microphone's tone ${tone.toFixed(1)}`;
  console.log(`before the show: ${told(before)}\nwith its host: ${told(after)}`);
  // Hold audio is at -24 LUFS.
  expect(before.all).toBeGreaterThan(-31);
  expect(before.all).toBeLessThan(-20);
  // The microphone gives its tone at 0.2: -17 dBFS. A note of the hold audio may be near its pitch.
  expect(after.tone).toBeGreaterThan(-22);
  expect(before.tone).toBeLessThan(after.tone - 15);
  expect(after.low).toBeLessThan(before.low - 20);
  expect([...listener.faults, ...studio.faults]).toEqual([]);
  for (const { page } of [listener, studio]) await page.context().close();
  await stage.end(show);
}, 90_000);

test("a page whose playlist tells the events is right about a muted host: before it is heard, and as soon as it is", async () => {
  const opensAt = new Date(Date.now() + 3_600_000).toISOString();
  const show = await stage.create("low", { hold: "default", opensAt });
  await stage.open(show);
  const ada = await stage.makeHost(show, { name: "Ada", muted: true });
  const { page, faults } = await openPage(browser, show.listenUrl);
  await page.locator("#play:enabled").click();
  await waitForStatus(page, /^Hold music: the show begins /);
  const said = async () => [
    await page.locator("#badge").textContent(),
    await page.locator("#sentence").textContent(),
    await page.locator("#on-air").textContent(),
  ];
  const before = await said();
  expect(before).toEqual(["Doors open", expect.stringMatching(/^Hold music: the show begins /), ""]);
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/status.json")) asked++;
  });
  const studio = await openPage(browser, ada.studioUrl);
  await studio.page.locator("#go:enabled").click();
  // The page has taken up a playlist when it loads the next one.
  for (let n = 0; n < 2; n++)
    await page.waitForResponse(async (answer) => /"host-on"/.test(await textOf(answer)), { timeout: 20_000 });
  expect(await said()).toEqual(before);
  await stage.changeHost(show, ada.hostId, { muted: false });
  await expect
    .poll(said, { timeout: 10_000 })
    .toEqual(["Live", "You are listening live.", "On the air: Ada"]);
  expect(asked, "times that the page asked for the status").toBe(0);
  expect([...faults, ...studio.faults]).toEqual([]);
  for (const each of [page, studio.page]) await each.context().close();
  await stage.end(show);
}, 90_000);

/** Returns a playlist's text; empty for any other answer. */
async function textOf(answer: Response): Promise<string> {
  return new URL(answer.url()).pathname.endsWith(".m3u8") ? answer.text() : "";
}
