import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, startChromium } from "../kit/chromium.ts";
import { waitForStatus } from "../kit/people.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// A page that plays learns changes from its playlist, without asking for the status.

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

test.concurrent("a new title, a host's arrival and a host's departure are shown while status.json is out of reach", async () => {
  const show = await stage.create("low", { title: "First" });
  const { page, faults } = await openPage(browser, show.listenUrl);
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "The doors are open.");
  await page.route("**/status.json*", (route) => route.abort());
  await stage.change(show, { title: "Second, <b>bold</b>" });
  await page.locator("#title", { hasText: "Second, <b>bold</b>" }).waitFor({ timeout: 20_000 });
  expect(await page.title()).toBe("Second, <b>bold</b> · Earshot");
  const studio = await openPage(browser, show.studioUrl);
  await studio.page.locator("#go:enabled").click();
  await waitForStatus(page, "You are listening live.");
  await studio.page.locator("#go").click();
  await waitForStatus(page, "The host has dropped out and may come back");
  await stage.end(show);
  await waitForStatus(page, "The show has ended.");
  expect(faults).toEqual([]);
  for (const each of [page, studio.page]) await each.context().close();
}, 90_000);

test.concurrent("a status older than what the playlist has told changes nothing back", async () => {
  const show = await stage.create("low", { title: "First" });
  const { page } = await openPage(browser, show.listenUrl);
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "The doors are open.");
  const old = await (await fetch(show.statusUrl)).text();
  await stage.change(show, { title: "Second" });
  await page.locator("#title", { hasText: "Second" }).waitFor({ timeout: 5_000 });
  await page.evaluate(`{
    globalThis.shown = [];
    const title = document.getElementById("title");
    new MutationObserver(() => shown.push(title.textContent)).observe(title, { childList: true, characterData: true, subtree: true });
  }`);
  // Answer with the old status, as a cache may.
  let isAnswered = false;
  await page.route("**/status.json*", async (route) => {
    await route.fulfill({ contentType: "application/json", body: old });
    isAnswered = true;
  });
  await page.evaluate("dispatchEvent(new Event('online'))");
  await expect.poll(() => isAnswered).toBe(true);
  await page.waitForTimeout(1_500);
  expect(await page.evaluate("shown")).toEqual([]);
  expect(await page.locator("#title").textContent()).toBe("Second");
  await page.context().close();
}, 60_000);

test.concurrent("a page that plays an economy show asks for its status with at most 5 % of its requests", async () => {
  const show = await stage.create("economy");
  await stage.open(show);
  const { page } = await openPage(browser, show.listenUrl);
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "The doors are open.");
  await page.waitForTimeout(8_000);
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  // A page goes without asking for at most 72 s, and checks that every 6 s.
  await page.waitForTimeout(80_000);
  const count = (name: RegExp) => asked.filter((url) => name.test(url)).length;
  const [statuses, lists, media] = [count(/status\.json/), count(/audio\.m3u8/), count(/\.m4s/)];
  console.log(
    `in 80 s: ${statuses} of ${asked.length} requests for the status, ${lists} lists, ${media} media`,
  );
  expect(lists).toBeGreaterThan(15);
  expect(media).toBeGreaterThan(15);
  expect(statuses).toBeGreaterThan(0);
  expect(statuses).toBeLessThanOrEqual(2);
  // The page asks about once a minute: one of 20 requests, or fewer.
  expect(((lists + media) * 60) / 80, "lists and media a minute").toBeGreaterThanOrEqual(19);
  await page.context().close();
}, 130_000);
