import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, startChromium } from "../kit/chromium.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// The listener page's and the embed's volume control, also where the browser ignores it, and both pages without JavaScript.

let stage: Stage;
let browser: Browser;
let show: CreatedBroadcast;

beforeAll(async () => {
  stage = await setStage();
  browser = await startChromium();
  show = await stage.create("low");
});

afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

const LAYOUTS = ["listen", "embed"] as const;
const urlOf = (layout: (typeof LAYOUTS)[number]) => show.listenUrl.replace("/listen/", `/${layout}/`);

/** What iPhones do with a volume that a page sets: nothing; or, since iOS 15, they forget it when the script has run. */
const IGNORES = 'Object.defineProperty(HTMLMediaElement.prototype, "volume", { get: () => 1, set() {} })';
const FORGETS = `{
  let volume = 1;
  Object.defineProperty(HTMLMediaElement.prototype, "volume", {
    get: () => volume,
    set(wanted) { volume = wanted; queueMicrotask(() => { volume = 1; }); },
  });
}`;

/** Opens a page, and moves its volume control to `value` as a person would, whether it is shown or not. */
async function setTo(value: string, layout: (typeof LAYOUTS)[number], before = "") {
  const { page, faults } = await openPage(browser, "about:blank");
  await page.addInitScript(before);
  await page.goto(urlOf(layout));
  await page.locator("#play:enabled").waitFor();
  const isShown = await page.locator("#volume").isVisible();
  const [volume, muted] = await page.evaluate<[number, boolean]>(`{
    const [volume, audio] = ["volume", "audio"].map((id) => document.getElementById(id));
    volume.value = "${value}";
    volume.dispatchEvent(new Event("input"));
    [audio.volume, audio.muted];
  }`);
  expect(faults).toEqual([]);
  await page.context().close();
  return { isShown, volume, muted };
}

test.each(LAYOUTS)("the volume control of /%s/ sets the volume, and mutes at 0", async (layout) => {
  expect(await setTo("30", layout)).toEqual({ isShown: true, volume: 0.3, muted: false });
  expect(await setTo("0", layout)).toEqual({ isShown: true, volume: 0, muted: true });
});

test.each([
  ["ignores", IGNORES],
  ["forgets", FORGETS],
])("a browser that %s the volume shows no control, and 0 would mute", async (_, before) => {
  for (const layout of LAYOUTS)
    expect(await setTo("0", layout, before)).toMatchObject({ isShown: false, muted: true });
});

test.each(LAYOUTS)("without JavaScript, /%s/ says how to listen, and fits 320 px", async (layout) => {
  // A page in which the browser's debugger has stopped all scripts does not show a noscript element. So the element is renamed.
  const { page } = await openPage(browser, "about:blank");
  await page.route("**/*.js", (route) => route.abort());
  await page.route(urlOf(layout), async (route) => {
    const response = await route.fetch();
    return route.fulfill({ response, body: (await response.text()).replaceAll("noscript>", "div>") });
  });
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(urlOf(layout));
  const advice = page.getByText("Any HLS player can play the show without it");
  await advice.waitFor({ timeout: 5_000 });
  expect(await advice.locator("code").allTextContents()).toEqual([layout, "live", "/index.m3u8"]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  await page.context().close();
});
