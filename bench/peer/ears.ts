import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { openPage, startChromium } from "../../test/kit/chromium.ts";
import { clockMarks } from "../../test/kit/people.ts";
import { until } from "../../test/kit/polling.ts";
import { delays, quantile, take, timedMarks } from "../../test/kit/recording.ts";
import { serveBarePage } from "./bare-page.ts";
import type { Contender } from "./contender.ts";

/** What a person at a loudspeaker notices with one server: medians, ms, the browser's output delay included. */
export interface Heard {
  /** Delay from speaking a sample to hearing it, with hls.js alone (`bare`) and on the server's own page (`own`). */
  readonly bare: number;
  /** NaN if the server has no page. */
  readonly own: number;
  /** Time from the press to the first sound, on a page that has played before. */
  readonly bareStart: number;
  /** NaN if the own page has no play button. */
  readonly ownStart: number;
  readonly stalls: number;
}

const WARM_UP_MS = 6_000;
const JOINS = 5;
/** Time until a player that seeks or speeds up to its live position has reached it, ms. */
const SETTLE_MS = 2_500;
const LISTEN_MS = 3_500;
/** The amplitude above which the published tone, which has 0.2, counts as heard. */
const AUDIBLE = 0.02;

/** Listens to a server in Chromium, page by page. */
export async function listenTo(contender: Contender): Promise<Heard> {
  await sleep(WARM_UP_MS);
  const bareServer = await serveBarePage();
  const browser = await startChromium();
  try {
    const bare = await listenOn(browser, bareServer.urlFor(contender.playbackUrl));
    const own = contender.pageUrl === null ? null : await listenOn(browser, contender.pageUrl);
    return {
      bare: bare.delay,
      own: own?.delay ?? Number.NaN,
      bareStart: bare.start,
      ownStart: own?.start ?? Number.NaN,
      stalls: bare.stalls + (own?.stalls ?? 0),
    };
  } finally {
    await browser.close();
    bareServer.stop();
  }
}

/** Measures one page: joins once to fill the caches, then repeatedly. Returns the medians of the repeated joins. */
async function listenOn(browser: Browser, url: string) {
  const { page } = await openPage(browser, url, ["ear"]);
  try {
    const join = (await page.locator("#play").count()) > 0 ? pressPlay : loadAgain;
    await join(page);
    const joins: Joined[] = [];
    for (let n = 0; n < JOINS; n++) joins.push(await listen(page, await join(page)));
    return {
      delay: quantile(
        joins.map(({ delay }) => delay),
        0.5,
      ),
      start: quantile(
        joins.map(({ start }) => start),
        0.5,
      ),
      stalls: joins.reduce((sum, { stalls }) => sum + stalls, 0),
    };
  } finally {
    await page.context().close();
  }
}

interface Joined {
  readonly start: number;
  readonly delay: number;
  readonly stalls: number;
}

async function listen(page: Page, start: number): Promise<Joined> {
  await sleep(SETTLE_MS);
  await page.evaluate("ear.reset()");
  await sleep(LISTEN_MS);
  const heard = await take(page, "ear.take()");
  const spoken = clockMarks(Date.now() - 60_000, Date.now());
  const late = delays(spoken, timedMarks(heard, heard.heardAt));
  return { start, delay: quantile(late, 0.5), stalls: heard.stalls.length };
}

/** Leaves if it has joined, and later presses play. Returns the time from the press to the sound, ms. */
async function pressPlay(page: Page): Promise<number> {
  const hasEar = await page.evaluate<boolean>("ear.tap.context !== undefined");
  if (hasEar) await page.locator("#play").click();
  else {
    // An audio context starts only after a press.
    await page.mouse.click(2, 2);
    await page.locator("#play:enabled").waitFor();
    await page.evaluate("ear.start()");
  }
  await sleep(1_000 + 1_000 * Math.random());
  await page.evaluate("ear.reset()");
  const pressed = await page.evaluate<number>(`(() => {
    const at = performance.timeOrigin + performance.now();
    document.getElementById("play").click();
    return at;
  })()`);
  return (await firstSound(page)) - pressed;
}

/** Joins on a page that plays automatically, muted, where there is no press to measure from. */
async function loadAgain(page: Page): Promise<number> {
  await page.reload();
  await page.locator("video, audio").first().click();
  await page.evaluate("ear.start()");
  await page.evaluate("for (const one of document.querySelectorAll('video, audio')) one.muted = false");
  await firstSound(page);
  return Number.NaN;
}

/** Returns when the first audible sample since the last reset was heard, ms since 1970. */
function firstSound(page: Page): Promise<number> {
  return until(() => page.evaluate<number | null>(`ear.tap.heardAt(${AUDIBLE})`), {
    within: 15_000,
    failure: () => `${page.url()} is silent.`,
  });
}
