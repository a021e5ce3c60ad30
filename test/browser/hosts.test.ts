import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startChromium, startDoomedChromium } from "../kit/chromium.ts";
import { listenTo, preparePublisher, publishRaw } from "../kit/people.ts";
import { RATE, TONE_HZ } from "../kit/probe/signal.ts";
import { gaps, pitch, toneLevel, unexcusedGaps } from "../kit/probe/tone.ts";
import { take } from "../kit/recording.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// Several hosts, and a host whose browser is killed: what a listener hears who is there all the time.

const SECOND_TONE_HZ = 1700;

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await setStage();
  browser = await startChromium();
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

test("a second publisher with the same key is mixed in; neither breaks the other", async () => {
  const show = await stage.create("low");
  const first = await publishRaw(browser, show, TONE_HZ);
  const listener = await listenTo(browser, show);
  // Loaded beforehand, so that only the second host's arrival is measured, not the load of opening one more page.
  const second = await preparePublisher(browser, show, SECOND_TONE_HZ);
  await sleep(3_000);
  await listener.page.evaluate("ear.reset()");
  stage.settle();
  await second.page.evaluate("publisher.publish()");
  await sleep(12_000);
  const heard = await take(listener.page, "ear.take()");
  expect((await stage.status(show)).hosts).toBe(2);
  await second.page.evaluate("publisher.stop()");
  await sleep(4_000);
  await listener.page.evaluate("ear.reset()");
  stage.settle();
  await sleep(4_000);
  const after = await take(listener.page, "ear.take()");
  for (const { page } of [first, second, listener]) await page.context().close();

  expect(heard.lost).toBe(0);
  expect(heard.stalls).toEqual([]);
  expect(unexcusedGaps(heard.pcm, RATE, TONE_HZ, stage.stalled()), "gaps in the first host").toEqual([]);
  // The second host came in during the recording; its last 6 s are whole.
  const together = heard.pcm.subarray(heard.pcm.length - 6 * RATE);
  expect(unexcusedGaps(together, RATE, SECOND_TONE_HZ, stage.stalled()), "gaps in the second host").toEqual(
    [],
  );
  const bend = pitch(together, RATE, SECOND_TONE_HZ) / SECOND_TONE_HZ - 1;
  expect(Math.abs(bend), "a buffer that settles bends the pitch, by no more than can be heard").toBeLessThan(
    0.005,
  );
  expect(toneLevel(together, RATE, TONE_HZ) / toneLevel(together, RATE, SECOND_TONE_HZ)).toBeCloseTo(1, 0);
  // The second host left by DELETE: it is gone at once, the first is undisturbed.
  expect(toneLevel(after.pcm, RATE, SECOND_TONE_HZ)).toBeLessThan(0.005);
  expect(unexcusedGaps(after.pcm, RATE, TONE_HZ, stage.stalled())).toEqual([]);
  expect(after.stalls).toEqual([]);
});

test("a killed publisher leaves silence, not a stall, and is back on the air within 3 s", async () => {
  const show = await stage.create("low");
  const doomed = await startDoomedChromium();
  await publishRaw(doomed.browser, show, TONE_HZ);
  const listener = await listenTo(browser, show);
  await sleep(3_000);
  const back = await preparePublisher(browser, show, SECOND_TONE_HZ);
  await listener.page.evaluate("ear.reset()");
  stage.settle();
  await doomed.kill();
  const killedAt = Date.now();
  await back.page.evaluate("publisher.publish()");
  const backAfter = Date.now() - killedAt;
  await sleep(12_000);
  const heard = await take(listener.page, "ear.take()");
  const { hosts } = await stage.status(show);
  const clock = await listener.page.evaluate("document.querySelector('audio').currentTime");
  await sleep(1_000);
  const later = await listener.page.evaluate("document.querySelector('audio').currentTime");
  for (const { page } of [back, listener]) await page.context().close();

  expect(backAfter, "ms from the kill to connected again").toBeLessThan(3000);
  expect(heard.lost).toBe(0);
  expect(heard.stalls).toEqual([]);
  expect(Number(later) - Number(clock)).toBeGreaterThan(0.8);
  // What the listener heard between the one and the other.
  const deadAt = gaps(heard.pcm, RATE, TONE_HZ).at(-1)?.at ?? 0;
  const first = gaps(heard.pcm, RATE, SECOND_TONE_HZ)[0] ?? { at: 0, seconds: 0 };
  const silentS = first.at + first.seconds - deadAt;
  console.log(`connected after ${backAfter} ms; the listener heard nobody for ${silentS.toFixed(2)} s`);
  expect(first.at, "the one that came back is heard during the recording").toBe(0);
  expect(deadAt, "the dead one, too").toBeGreaterThan(0);
  expect(silentS, "s without a host").toBeLessThan(3 + stage.stalled() / 1_000);
  const end = heard.pcm.subarray(heard.pcm.length - 4 * RATE);
  expect(toneLevel(end, RATE, TONE_HZ), "the dead host").toBeLessThan(0.005);
  expect(unexcusedGaps(end, RATE, SECOND_TONE_HZ, stage.stalled()), "gaps in the one that came back").toEqual(
    [],
  );
  expect(hosts, "the dead session no longer counts").toBe(1);
});
