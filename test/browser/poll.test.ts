import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, startChromium } from "../kit/chromium.ts";
import { ANNOUNCED } from "../kit/known-status.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// How often the listener page asks for the status while nothing plays, on the browser's fake clock. The test answers itself.

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

/** What the relay says: a status's changes to {@link ANNOUNCED}; null: that there is no such show. */
type Said = { readonly state: string; readonly replay?: boolean } | null;

/** A page on a fake clock, and a function that lets seconds pass and returns how many requests came in them. */
async function pageOf(first: Said) {
  let said = first;
  let [asked, open] = [0, 0];
  const { page } = await openPage(browser, "about:blank");
  await page.clock.install();
  await page.route("**/status.json*", async (route) => {
    asked += 1;
    open += 1;
    await (said === null
      ? route.fulfill({ status: 404, json: { error: { code: "not-found" } } })
      : route.fulfill({ json: { ...ANNOUNCED, ...said } }));
  });
  page.on("requestfinished", (request) => {
    if (request.url().includes("/status.json")) open -= 1;
  });
  await page.goto(`${stage.url}/listen/no-such-show`);
  const pass = async (seconds: number) => {
    const before = asked;
    for (let second = 0; second < seconds; second++) {
      await page.clock.runFor(1_000);
      // The page plans its next request when it has read the answer.
      await expect.poll(() => open).toBe(0);
      await page.evaluate("1");
    }
    return asked - before;
  };
  await expect.poll(() => asked).toBe(1);
  const say = (now: Said) => {
    said = now;
  };
  return { page, pass, say, close: () => page.context().close() };
}

test.each([
  ["has not begun", { state: "announced" }, 4, 7],
  ["is live", { state: "live" }, 4, 7],
  ["has ended", { state: "ended" }, 1, 1],
])(
  "of a show that %s, a page that was just opened asks this often in the next 30 s",
  async (_, said, least, most) => {
    const { pass, close } = await pageOf(said);
    const count = await pass(30);
    expect(count).toBeGreaterThanOrEqual(least);
    expect(count).toBeLessThanOrEqual(most);
    await close();
  },
);

test("after the end a page asks about once a minute, and so learns that the show has been deleted", async () => {
  const { page, pass, say, close } = await pageOf({ state: "ended", replay: true });
  await pass(10);
  const count = await pass(180);
  expect(count).toBeGreaterThanOrEqual(2);
  expect(count).toBeLessThanOrEqual(4);
  say(null);
  await pass(80);
  expect(await page.locator("#badge").textContent()).toBe("Not found");
  await close();
});

test("a page learns within 7 s of a replay that the first answer after the end did not tell of", async () => {
  const { page, pass, say, close } = await pageOf({ state: "ended" });
  await pass(1);
  say({ state: "ended", replay: true });
  await pass(6);
  expect(await page.locator("#sentence").textContent()).toBe("This show has ended. Press play to hear it.");
  await close();
});

test("where a single old answer said that the show has ended, a page asks every 5 s again", async () => {
  const { page, pass, say, close } = await pageOf({ state: "ended" });
  await pass(1);
  say({ state: "live" });
  await pass(6);
  expect(await page.locator("#badge").textContent()).not.toBe("Ended");
  expect(await pass(30)).toBeGreaterThanOrEqual(4);
  await close();
});
