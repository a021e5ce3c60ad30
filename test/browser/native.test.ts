import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage } from "../kit/chromium.ts";
import { type CopiedShow, startCopiedShow } from "../kit/copied-show.ts";
import { type Fault, Faulty } from "../kit/faulty.ts";

// The listener page in a browser that has its own HLS player and no Media Source Extensions, as on an iPhone. Chromium's own
// player stands for it. When the relay fails, the page gives it the copy; when the copy fails, the relay again.

/** The longest time without sound: Chromium's player has up to 6 s buffered, stands still for 4 s, and joins anew. */
const STILL_MS = 7_500;

/** Takes hls.js its Media Source Extensions, and measures for how long the element's position stands still. */
const PROBE = `
  delete window.MediaSource;
  delete window.ManagedMediaSource;
  delete window.WebKitMediaSource;
  globalThis.still = { longest: 0, at: -1, since: 0 };
  setInterval(() => {
    const { currentTime } = document.querySelector("audio") ?? {};
    if (currentTime !== still.at) Object.assign(still, { at: currentTime, since: performance.now() });
    else still.longest = Math.max(still.longest, performance.now() - still.since);
  }, 50);`;

let copied: CopiedShow;

beforeAll(async () => {
  copied = await startCopiedShow();
});
afterAll(() => copied?.close());

test.concurrent.each<Fault>(["503", "refuses", "hangs"])(
  "a browser's own player turns to the copy when the relay fails (%s), and back when the copy does",
  async (fault) => {
    const copy = await Faulty.start(copied.stage.lifeboat ?? "");
    const primary = await Faulty.start(copied.stage.url, { "/lifeboat.json": { url: copy.url } });
    // With a probe, the page's Content-Security-Policy is off: it allows the stage's own copy only, not one that fails.
    const { page, faults } = await openPage(copied.browser, "about:blank", ["place"]);
    await page.addInitScript(PROBE);
    await page.goto(`${primary.url}/listen/${copied.show.listenUrl.split("/").at(-1)}`);
    await page.locator("#play:enabled").click();
    await page.getByText("You are listening live.").waitFor({ timeout: 30_000 });
    const source = () => page.evaluate<string>("document.querySelector('audio').currentSrc");
    const longestStill = async (millis: number) => {
      await page.evaluate("Object.assign(still, { longest: 0, since: performance.now() })");
      await seconds(millis / 1000);
      return page.evaluate<number>("still.longest");
    };
    await seconds(3);
    expect(await source()).toContain(primary.url);

    await primary.turn(fault);
    const withoutRelay = await longestStill(22_000);
    console.log(`${fault}: ${withoutRelay.toFixed(0)} ms without sound`);
    expect(withoutRelay).toBeGreaterThan(0);
    expect(withoutRelay).toBeLessThanOrEqual(STILL_MS);
    expect(await source()).toContain(copy.url);
    expect(await longestStill(3_000)).toBeLessThan(500);
    // Where the relay says nothing, the page does not know whether the show is live.
    expect(await page.getByRole("status").textContent()).toMatch(/^You are listening/);

    await primary.turn("none");
    await copy.turn("503");
    await page.waitForFunction(
      `document.querySelector("audio").currentSrc.startsWith("${primary.url}")`,
      undefined,
      { timeout: 40_000 },
    );
    await seconds(3);
    expect(await longestStill(3_000)).toBeLessThan(500);
    await page.getByText("You are listening live.").waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
    await Promise.all([primary.stop(), copy.stop()]);
  },
  120_000,
);

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));
