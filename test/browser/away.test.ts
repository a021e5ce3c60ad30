import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { openPage, startChromium } from "../kit/chromium.ts";
import { Faulty } from "../kit/faulty.ts";
import { Listener } from "../kit/listener.ts";
import { publishRaw, waitForStatus } from "../kit/people.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// What a listener hears whose network was away while the show ended, or in the middle of a replay.

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

/** How far before the moment at which the sound broke off the listener goes on at most, ms: its latency, and a second. */
const REPEATED_MS = 6_000;

/** Notes when the element's position last changed before a join, ms since 1970, and the place at the first sound after it, s. */
const WATCH = `{
  globalThis.place = { movedAt: 0, first: null };
  let [at, hasLeft] = [-1, false];
  setInterval(() => {
    const { currentTime } = document.querySelector("audio");
    if (currentTime !== at && !hasLeft) place.movedAt = Date.now();
    at = currentTime;
  }, 50);
  addEventListener("emptied", () => { hasLeft = true; }, true);
  addEventListener("playing", ({ target }) => { if (hasLeft) place.first ??= target.currentTime; }, true);
}`;

/** A show with a host who is heard, and a listener who has heard it live for some 12 s. */
async function listen(url: (path: string) => string, before = "") {
  const show = await stage.create("low");
  const host = await publishRaw(browser, show);
  await sleep(4_000);
  const { page, faults } = await openPage(browser, "about:blank");
  await page.addInitScript(before);
  await page.goto(url(new URL(show.listenUrl).pathname));
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "You are listening live.");
  await sleep(12_000);
  const close = () => Promise.all([page, host.page].map((each) => each.context().close()));
  return { show, page, faults, close };
}

test.concurrent("a listener who was cut off while the show ended hears what it missed, and not the show from its start", async ({
  expect,
}) => {
  const { show, page, faults, close } = await listen((path) => stage.url + path);
  await page.evaluate(WATCH);
  await sleep(500);
  await page.context().setOffline(true);
  await waitForStatus(page, "Reconnecting by itself", 40_000);
  const brokeOff = await page.evaluate<number>("place.movedAt");
  await stage.end(show);
  // For a moment the playback URL still leads to the live list, which has just ended.
  const listed = async () => (await Listener.join(show.playbackUrl)).list();
  await expect.poll(async () => (await listed()).text).toContain("#EXT-X-PLAYLIST-TYPE");
  await page.context().setOffline(false);
  await waitForStatus(page, "You are listening to a show that has ended.", 30_000);
  const first = await page.evaluate<number>("place.first");
  const [segment] = (await listed()).segments;
  const date = (segment?.date ?? 0) + 1000 * first;
  expect(first, "place in the replay, s").toBeGreaterThan(8);
  expect(date, "not later than the sound broke off").toBeLessThanOrEqual(brokeOff);
  expect(date, "not long before it").toBeGreaterThan(brokeOff - REPEATED_MS);
  await waitForStatus(page, "The show has ended. Thank you for listening.", 60_000);
  expect(faults).toEqual([]);
  await close();
}, 150_000);

test.concurrent("for a browser's own player, which does not tell dates, a show that ended meanwhile is over", async ({
  expect,
}) => {
  const relay = await Faulty.start(stage.url);
  const without =
    "delete window.MediaSource; delete window.ManagedMediaSource; delete window.WebKitMediaSource;";
  const { show, page, faults, close } = await listen((path) => relay.url + path, without);
  await relay.turn("refuses");
  await waitForStatus(page, "Reconnecting by itself", 40_000);
  await stage.end(show);
  await relay.turn("none");
  await waitForStatus(page, "The show has ended. Thank you for listening. Press play", 40_000);
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "You are listening to a show that has ended.");
  expect(faults).toEqual([]);
  await close();
  await relay.stop();
}, 150_000);

test.concurrent("a listener who is cut off in the middle of a replay goes on where it was", async ({
  expect,
}) => {
  const show = await stage.create("low");
  const host = await publishRaw(browser, show);
  await sleep(20_000);
  await stage.end(show);
  await host.page.context().close();
  const { page, faults } = await openPage(browser, "about:blank");
  let segments = 0;
  await page.route("**/live/**", (route) =>
    /\.m4s$/.test(route.request().url()) && ++segments > 4 ? route.abort() : route.continue(),
  );
  await page.goto(show.listenUrl);
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "You are listening to a show that has ended.");
  await page.evaluate(WATCH);
  await waitForStatus(page, "Reconnecting by itself", 60_000);
  // It tries to join in vain, and once more.
  for (let join = 0; join < 2; join++) await page.waitForRequest(/index\.m3u8$/, { timeout: 40_000 });
  await sleep(1_500);
  await page.unroute("**/live/**");
  await waitForStatus(page, "You are listening to a show that has ended.", 60_000);
  expect(await page.evaluate("place.first"), "place, s").toBeGreaterThan(4);
  expect(faults).toEqual([]);
  await page.context().close();
}, 180_000);
