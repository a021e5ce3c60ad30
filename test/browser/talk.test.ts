import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, type Probed, startChromium } from "../kit/chromium.ts";
import { clockMarks, prepareStudio, pressGo } from "../kit/people.ts";
import { RATE } from "../kit/probe/signal.ts";
import { toneLevel, unexcusedGaps } from "../kit/probe/tone.ts";
import { delays, quantile, type Recording, take, timedMarks } from "../kit/recording.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// Talk-back: hosts in the real studio page hear each other but not themselves, on a connection separate from the one
// they publish on.

const TONES = [600, 1000, 1500];

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

/** The relay's own refusal where it has no such talk session. */
const NO_TALK = { error: { code: "no_talk", message: "There is no such talk session." } };

/** Returns how many tracks a studio has received so far. */
const tracksOf = (page: Page) => page.evaluate("heard.tracks.length") as Promise<number>;

const connectionsOf = (page: Page) => page.evaluate("heard.connections.length") as Promise<number>;

async function hears(page: Page, tracks: number): Promise<void> {
  await expect.poll(() => tracksOf(page), { timeout: 30_000 }).toBe(tracks);
}

/** Returns the tones that a recording has, loud enough to be heard. */
function tonesIn({ pcm, rate }: Recording): number[] {
  return TONES.filter((hertz) => toneLevel(pcm, rate, hertz) > 0.02);
}

/**
 * Records for 8 s, in each of three studios, the two hosts that it hears. Records again, at most twice, if a busy
 * machine lost some of it.
 */
async function hearAll(studios: readonly Page[]) {
  for (let tries = 1; ; tries++) {
    for (const page of studios) await page.evaluate("heard.reset()");
    stage.settle();
    const from = Date.now();
    await sleep(8_000);
    const until = Date.now();
    const heard: Recording[][] = [];
    for (const page of studios)
      heard.push([await take(page, "heard.take(0)"), await take(page, "heard.take(1)")]);
    const isWhole = heard.flat().every(({ lost }) => lost === 0);
    if (isWhole || tries === 3) return { from, until, heard };
  }
}

test("each of three hosts hears the two others, not itself, in less than 300 ms, through a leave and a return", async () => {
  const show = await stage.create("low");
  // Loaded beforehand: a browser that opens one more page delays sound, and the receivers' jitter buffers grow by the
  // delay.
  const opened: Probed[] = [];
  for (const tone of TONES) opened.push(await prepareStudio(browser, show, tone));
  for (const studio of opened) await pressGo(studio);
  const studios = opened.map(({ page }) => page);
  for (const page of studios) await hears(page, 2);
  const [first, second, third] = studios as [Page, Page, Page];
  // Give the jitter buffers time to shrink again.
  await sleep(12_000);
  const { from, until, heard } = await hearAll(studios);
  const late: number[][] = [];
  for (const [own, recordings] of heard.entries()) {
    const others = TONES.filter((_, n) => n !== own);
    expect(
      recordings.flatMap(tonesIn).sort((a, b) => a - b),
      "each of the others once, and not itself",
    ).toEqual(others);
    for (const recording of recordings) {
      expect(recording.lost).toBe(0);
      late.push(delays(clockMarks(from - 2_000, until), timedMarks(recording, recording.renderedAt)));
    }
  }
  const all = late.flat();
  console.log(
    `one way, ms from when a mark was made to when its hearer's audio graph had it: ` +
      late.map((ms) => `${Math.round(quantile(ms, 0.5))} (${Math.round(Math.max(...ms))})`).join(", "),
  );
  expect(all.length).toBeGreaterThan(30);
  expect(quantile(all, 0.95)).toBeLessThan(300 + stage.stalled());

  // The second host leaves: the first goes on hearing the third, on the same connection.
  const connections = await connectionsOf(first);
  await first.evaluate("heard.reset()");
  await second.locator("#go").click();
  await first.locator("#people li").nth(1).waitFor({ state: "detached", timeout: 10_000 });
  await sleep(3_000);
  await second.locator("#go:enabled").click();
  await hears(first, 3);
  await sleep(4_000);
  const again = await take(first, "heard.take(2)");
  expect(tonesIn(again)).toEqual([TONES[1]]);
  expect(await connectionsOf(first)).toBe(connections);
  expect(await first.evaluate("heard.tracks.map(({ connection }) => connection)")).toEqual([1, 1, 1]);
  const steady = [await take(first, "heard.take(0)"), await take(first, "heard.take(1)")].find((recording) =>
    tonesIn({ ...recording, pcm: recording.pcm.subarray(recording.pcm.length - 2 * RATE) }).includes(
      TONES[2] ?? 0,
    ),
  );
  if (steady === undefined) throw new Error("the third is not heard any more");
  // On a busy machine, a receiver's jitter buffer conceals a packet of 20 ms now and then. A connection that is made
  // anew, or one that waits for an answer, would be silent for much longer.
  const gaps = unexcusedGaps(steady.pcm, RATE, TONES[2] ?? 0, stage.stalled()).filter(
    ({ seconds }) => seconds > 0.02,
  );
  expect(gaps, "gaps in the third").toEqual([]);
  expect(await connectionsOf(third)).toBe(2);
  for (const page of studios) await page.context().close();
});

test("when talk-back fails, the host stays on the air, is told so, and hears the others once it is back", async () => {
  const show = await stage.create("low");
  const other = await prepareStudio(browser, show, 600);
  const studio = await prepareStudio(browser, show, 1000);
  await pressGo(other);
  await pressGo(studio);
  const { page } = studio;
  await hears(page, 1);
  await page.getByText("You hear Host.").waitFor({ timeout: 10_000 });

  // The relay loses the host's talk session, and then accepts no other.
  await page.route("**/talk/**", (route) =>
    route.fulfill({ status: route.request().method() === "GET" ? 404 : 503, json: NO_TALK }),
  );
  await other.page.locator("#go").click();
  await pressGo(other);
  await page
    .getByText("You can not hear the other hosts at the moment; you are still on the air.")
    .waitFor({ timeout: 40_000 });
  const sent = Number(await page.evaluate("heard.sent(0)"));
  await sleep(2_000);
  expect(await page.locator("#message").textContent()).toBe("You are on the air.");
  expect(await page.evaluate("heard.connections[0].connectionState")).toBe("connected");
  expect(Number(await page.evaluate("heard.sent(0)")) - sent, "bytes of sound in 2 s").toBeGreaterThan(2_000);

  await page.unroute("**/talk/**");
  await page.getByText("You hear Host.").waitFor({ timeout: 30_000 });
  expect(await page.evaluate("heard.connections[0].connectionState"), "as it was all along").toBe(
    "connected",
  );
  for (const { page } of [other, studio]) await page.context().close();
});

test("while another server answers 404 in the relay's place, a host goes on hearing the others on the same connection", async () => {
  const show = await stage.create("low");
  const other = await prepareStudio(browser, show, 600);
  const studio = await prepareStudio(browser, show, 1000);
  await pressGo(other);
  await pressGo(studio);
  const { page } = studio;
  await hears(page, 1);
  await page.getByText("You hear Host.").waitFor({ timeout: 20_000 });
  let refused = 0;
  await page.route("**/talk/*/*", (route) => {
    refused++;
    return route.fulfill({ status: 404, contentType: "text/html", body: "<!doctype html>" });
  });
  // The other host goes: the relay answers the request that it may hold, and the page's next ones are refused.
  await other.page.locator("#go").click();
  await expect.poll(() => refused, { timeout: 30_000 }).toBeGreaterThan(2);
  expect(await page.locator("#talkback").getAttribute("data-bad")).toBe("false");
  await page.unroute("**/talk/*/*");
  await pressGo(other);
  await hears(page, 2);
  expect(await page.evaluate("heard.connections.map(({ connectionState }) => connectionState)")).toEqual([
    "connected",
    "connected",
  ]);
  for (const { page } of [other, studio]) await page.context().close();
});

test("when the reply to an answer is lost, a new connection is made, and nothing else is touched", async () => {
  const show = await stage.create("low");
  const other = await prepareStudio(browser, show, 600);
  const studio = await prepareStudio(browser, show, 1000);
  const { page } = studio;
  // The answer reaches the relay, but the reply does not reach the page.
  const loseReply = async (route: Route) => {
    await route.fetch();
    await route.abort();
  };
  await page.route("**/talk/*/*/answer", loseReply, { times: 1 });
  await pressGo(other);
  await pressGo(studio);
  await hears(page, 2);
  await page.getByText("You hear Host.").waitFor({ timeout: 20_000 });
  await sleep(2_000);
  expect(tonesIn(await take(page, "heard.take(1)"))).toEqual([600]);
  const connections = await page.evaluate("heard.connections.map(({ connectionState }) => connectionState)");
  expect(connections, "published, given up, made anew").toEqual(["connected", "closed", "connected"]);
  expect(await page.evaluate("heard.tracks.map(({ connection }) => connection)")).toEqual([1, 2]);
  for (const { page } of [other, studio]) await page.context().close();
});

test("the volume set for another host is kept when a new connection replaces the first", async () => {
  const show = await stage.create("low");
  const studios: Probed[] = [];
  for (const [n, name] of ["Ada", "Ben", "Cy"].entries()) {
    const { studioUrl } = await stage.makeHost(show, { name });
    studios.push(await prepareStudio(browser, { ...show, studioUrl }, TONES[n] ?? 0));
  }
  const [ada, ben, cy] = studios as [Probed, Probed, Probed];
  const { page } = ada;
  await pressGo(ada);
  await pressGo(ben);
  await page.getByText("You hear Ben.").waitFor({ timeout: 20_000 });
  await page.locator("#people input").fill("0.5");
  // The reply to Ada's answer for Cy is lost, and with it the connection.
  const loseReply = async (route: Route) => {
    await route.fetch();
    await route.abort();
  };
  await page.route("**/talk/*/*/answer", loseReply, { times: 1 });
  await pressGo(cy);
  await expect.poll(() => connectionsOf(page), { timeout: 30_000 }).toBe(3);
  await page.getByText(/^You hear (Ben and Cy|Cy and Ben)\./).waitFor({ timeout: 20_000 });
  const row = (name: string) => page.locator("#people li", { hasText: name }).locator("input");
  expect([await row("Ben").inputValue(), await row("Cy").inputValue()]).toEqual(["0.5", "1"]);
  const volumes = (await page.evaluate("heard.elements.slice(-2).map(({ volume }) => volume)")) as number[];
  expect(volumes.sort()).toEqual([0.5, 1]);
  for (const { page } of studios) await page.context().close();
});

test("a host who leaves before its sound arrived does not make the page ask for one more press", async () => {
  const show = await stage.create("low");
  const other = await openPage(browser, show.studioUrl);
  const studio = await openPage(browser, show.studioUrl);
  const { page } = studio;
  // Without media, the promise of the stream's `play()` stays pending.
  await page.evaluate("globalThis.MediaStream = class extends MediaStream { constructor() { super(); } }");
  await pressGo(other);
  await pressGo(studio);
  await page.getByText("You hear Host.").waitFor({ timeout: 20_000 });
  await other.page.locator("#go").click();
  await page.locator("#people li").waitFor({ state: "detached", timeout: 20_000 });
  await sleep(1_000);
  expect(await page.locator("#talkback").textContent()).toBe("No other host is here.");
  for (const { page } of [other, studio]) await page.context().close();
});

test.each([
  ["a key", (page: Page) => page.keyboard.press("Tab")],
  ["the pointer", (page: Page) => page.locator("#title").click()],
])("where the browser wants one more press, %s counts as one", async (_, press) => {
  const show = await stage.create("low");
  const other = await openPage(browser, show.studioUrl);
  const studio = await openPage(browser, show.studioUrl);
  const { page } = studio;
  // In Chromium a page that has the microphone may always play; in other browsers it may not. This imitates those.
  await page.evaluate(`{
    const { play } = HTMLMediaElement.prototype;
    let presses = 0;
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => presses++, { capture: true });
    HTMLMediaElement.prototype.play = function () {
      return presses > 1 ? play.call(this) : Promise.reject(new DOMException("", "NotAllowedError"));
    };
  }`);
  await pressGo(other);
  await pressGo(studio);
  await page.getByText("Your browser wants one more press on this page").waitFor({ timeout: 20_000 });
  await press(page);
  await page.getByText("You hear Host.").waitFor({ timeout: 5_000 });
  for (const { page } of [other, studio]) await page.context().close();
});

test("a host whose microphone squeals hears the others at a fraction of their volume, for as long as it lasts", async () => {
  const show = await stage.create("low");
  const other = await prepareStudio(browser, show, 600);
  const studio = await prepareStudio(browser, show, 1000);
  const { page } = studio;
  await pressGo(other);
  await pressGo(studio);
  await page.getByText("You hear Host.").waitFor({ timeout: 20_000 });
  const volume = () => page.evaluate("heard.elements.map(({ volume, muted }) => muted ? 0 : volume)");
  expect(await volume()).toEqual([1]);
  const isListed = (url: URL) => /^\/talk\/[^/]+\/[^/]+$/.test(url.pathname);
  await page.route(isListed, async (route) => {
    // Without the list that the page has, in the query, the relay answers at once.
    const response = await route.fetch({ url: route.request().url().replace(/\?.*/, "") });
    await route.fulfill({ response, json: { ...(await response.json()), squeals: true } });
  });
  // A change, so that the held request is answered and the next one is asked.
  await other.page.locator("#go").click();
  await pressGo(other);
  await page.getByText("Your microphone squeals").waitFor({ timeout: 20_000 });
  await expect.poll(async () => ((await volume()) as number[]).at(-1), { timeout: 10_000 }).toBeCloseTo(0.15);
  await page.locator("#people input").fill("0.5");
  expect(((await volume()) as number[]).at(-1)).toBeCloseTo(0.075);
  await page.unroute(isListed);
  await page.getByText("You hear Host.").waitFor({ timeout: 25_000 });
  expect(((await volume()) as number[]).at(-1)).toBeCloseTo(0.5);
  for (const { page } of [other, studio]) await page.context().close();
});

test("the page's own CSP lets the others be heard", async () => {
  const show = await stage.create("low");
  const studios = [await openPage(browser, show.studioUrl), await openPage(browser, show.studioUrl)];
  for (const studio of studios) await pressGo(studio);
  for (const { page } of studios) {
    await page.getByText("You hear Host.").waitFor({ timeout: 20_000 });
    await page.locator("#people li").waitFor();
  }
  for (const { page, faults } of studios) {
    expect(faults).toEqual([]);
    await page.context().close();
  }
});
