import type { Browser, Page } from "playwright-core";
import { openPage, type Probed } from "./chromium.ts";
import type { CreatedBroadcast } from "./created.ts";
import { LOOP_SECONDS, MARK_CENTRE, measuringLoop } from "./probe/signal.ts";
import type { Timed } from "./recording.ts";

/** Waits until a page shows this sentence as its status. */
export async function waitForStatus(page: Page, sentence: string | RegExp, timeout = 20_000): Promise<void> {
  await page.getByRole("status").filter({ hasText: sentence }).first().waitFor({ timeout });
}

/** A listener: opens the show's page and presses play as a person would. Its sound is recorded once the page plays. */
export async function listenTo(browser: Browser, show: CreatedBroadcast): Promise<Probed> {
  const listener = await openPage(browser, show.listenUrl, ["ear"]);
  const { page } = listener;
  await page.locator("#play:enabled").click();
  await page.getByText("You are listening live.").waitFor({ timeout: 30_000 });
  await page.evaluate("ear.start()");
  return listener;
}

/**
 * A host in the real studio page, with the fake microphone and no processing, whose filters would not take a tone for a voice.
 */
export async function goLive(browser: Browser, show: CreatedBroadcast): Promise<Probed> {
  const studio = await openPage(browser, show.studioUrl, ["mouth"]);
  const { page } = studio;
  for (const filter of ["#echo", "#noise", "#gain"]) await page.locator(filter).uncheck();
  await page.locator("#go:enabled").click();
  await page.getByText("You are on the air.").waitFor({ timeout: 20_000 });
  return studio;
}

/**
 * Prepares the real studio page, whose microphone plays the measuring loop by the clock; only the button is not pressed yet.
 */
export async function prepareStudio(
  browser: Browser,
  show: CreatedBroadcast,
  toneHz: number,
): Promise<Probed> {
  const studio = await openPage(browser, show.studioUrl, ["loop", "speaker", "heard"]);
  await studio.page.evaluate(`speaker.loop = ${JSON.stringify(loopOf(toneHz))}`);
  return studio;
}

/** Presses that button; resolves once the host is on the air. */
export async function pressGo({ page }: Probed): Promise<void> {
  await page.locator("#go:enabled").click();
  await page.getByText("You are on the air.").waitFor({ timeout: 20_000 });
}

/** A publisher that is not our page (page/publisher.js), sending the loop with this tone by the clock. */
export async function publishRaw(browser: Browser, show: CreatedBroadcast, toneHz?: number): Promise<Probed> {
  const publisher = await preparePublisher(browser, show, toneHz);
  await publisher.page.evaluate("publisher.publish()");
  return publisher;
}

/** The same, not connected yet: `publisher.publish()` in its page connects it. */
export async function preparePublisher(
  browser: Browser,
  show: CreatedBroadcast,
  toneHz?: number,
): Promise<Probed> {
  const publisher = await openPage(browser, new URL("/", show.listenUrl).href, ["loop", "publisher"]);
  // Audio contexts start only after a user gesture.
  await publisher.page.locator("h1").click();
  const loop = loopOf(toneHz);
  const { whipUrl: url, hostKey: key } = show;
  await publisher.page.evaluate(`publisher.prepare(${JSON.stringify({ url, key, loop })})`);
  return publisher;
}

/** The measuring loop in the pages' format: s16le, base64. */
function loopOf(toneHz?: number): string {
  const samples = Int16Array.from(measuringLoop(toneHz), (sample) => Math.round(sample * 32_767));
  return Buffer.from(samples.buffer).toString("base64");
}

/**
 * When {@link publishRaw} sent its marks between two times, ms since 1970. It sends by the clock, so they need not be recorded.
 */
export function clockMarks(from: number, to: number): Timed[] {
  const marks: Timed[] = [];
  for (let second = Math.floor(from / 1000); second * 1000 < to; second++) {
    marks.push({ code: second % LOOP_SECONDS, at: (second + MARK_CENTRE) * 1000 });
  }
  return marks;
}
