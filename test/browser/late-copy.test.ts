import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { openPage } from "../kit/chromium.ts";
import { type CopiedShow, startCopiedShow } from "../kit/copied-show.ts";
import { Faulty } from "../kit/faulty.ts";
import { waitForStatus } from "../kit/people.ts";

// A page that does not learn at once where the show's copy is, or learns it only while the relay fails already, plays the
// copy all the same; and a browser's own player leaves the copy again when the relay is well.

let copied: CopiedShow;

beforeAll(async () => {
  copied = await startCopiedShow();
});
afterAll(() => copied?.close());

/** Takes hls.js its Media Source Extensions, and fixes the random draws: the page checks the relay 15.7 s later. */
const NATIVE = `
  delete window.MediaSource;
  delete window.ManagedMediaSource;
  delete window.WebKitMediaSource;
  Math.random = () => 0.02;`;

/** Opens the listener page behind two proxies: one before its relay, one before its copy. */
async function setUp(before: (page: Page) => Promise<unknown>) {
  const copy = await Faulty.start(copied.stage.lifeboat ?? "");
  const primary = await Faulty.start(copied.stage.url, { "/lifeboat.json": { url: copy.url } });
  // With a probe, the page's Content-Security-Policy is off: it allows the stage's own copy only, not one behind a proxy.
  const { page, faults } = await openPage(copied.browser, "about:blank", ["place"]);
  await before(page);
  await page.goto(`${primary.url}/listen/${copied.show.listenUrl.split("/").at(-1)}`);
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "You are listening live.", 30_000);
  const close = async () => {
    await page.context().close();
    await Promise.all([primary.stop(), copy.stop()]);
  };
  return { primary, copy, page, faults, close };
}

const position = (page: Page) => page.evaluate<number>("document.querySelector('audio').currentTime");

test.concurrent("a page whose first request for the copy's place hangs plays the copy when the relay fails later", async ({
  expect,
}) => {
  let asked = 0;
  const { primary, copy, page, faults, close } = await setUp((page) =>
    page.route("**/lifeboat.json", async (route) => {
      asked += 1;
      if (asked > 1) return route.continue();
      await sleep(3_000);
      // By now the page has given this request up.
      return route.abort().catch(() => undefined);
    }),
  );
  await expect.poll(() => asked, { timeout: 20_000 }).toBe(2);
  await sleep(3_000);
  await primary.turn("503");
  const before = await position(page);
  await sleep(15_000);
  expect((await position(page)) - before, "played after the fault, s").toBeGreaterThan(10);
  expect(copy.asked.filter(({ path }) => path.endsWith(".m4s")).length).toBeGreaterThan(2);
  expect(asked).toBe(2);
  expect(faults).toEqual([]);
  await close();
});

test.concurrent("a page that learns the copy's place only while the relay fails plays the copy then", async ({
  expect,
}) => {
  let isAway = true;
  const { primary, copy, page, close } = await setUp((page) =>
    page.route("**/lifeboat.json", (route) => (isAway ? route.abort() : route.continue())),
  );
  await sleep(3_000);
  await primary.turn("503");
  await sleep(3_000);
  isAway = false;
  await waitForStatus(page, /^You are listening/, 30_000);
  const hasMedia = () => copy.asked.some(({ path }) => path.endsWith(".m4s"));
  await expect.poll(hasMedia, { timeout: 20_000 }).toBe(true);
  await close();
});

test.concurrent("a browser's own player leaves the copy by itself when the relay is well again", async ({
  expect,
}) => {
  const { primary, copy, page, faults, close } = await setUp((page) => page.addInitScript(NATIVE));
  const source = () => page.evaluate<string>("document.querySelector('audio').currentSrc");
  await sleep(3_000);
  await primary.turn("503");
  await expect.poll(source, { timeout: 30_000 }).toContain(copy.url);
  // While the relay fails, the page stays on the copy, however often it checks.
  await sleep(18_000);
  expect(await source()).toContain(copy.url);
  await primary.turn("none");
  await expect.poll(source, { timeout: 25_000 }).toContain(primary.url);
  await waitForStatus(page, "You are listening live.");
  const before = await position(page);
  await sleep(5_000);
  expect(await position(page)).toBeGreaterThan(before + 3);
  expect(faults).toEqual([]);
  await close();
}, 150_000);
