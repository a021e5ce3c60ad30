import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, startChromium } from "../kit/chromium.ts";
import type { Created } from "../kit/created.ts";
import { type Fault, Faulty } from "../kit/faulty.ts";
import { publishRaw } from "../kit/people.ts";
import { RATE, TONE_HZ } from "../kit/probe/signal.ts";
import { gaps } from "../kit/probe/tone.ts";
import { take } from "../kit/recording.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// The listener page where the relay fails in each way that it can, and a copy of the show is there: what is heard of that, and when
// the page is back.

const FAULT_MS = 20_000;
const BACK_MS = 62_000;

let stage: Stage;
let browser: Browser;
let show: Created;
const table = ["fault of the primary   of the copy  silence ms: longest, all   back after s   "];

beforeAll(async () => {
  stage = await setStage({ lifeboat: true });
  browser = await startChromium();
  show = await stage.create("balanced");
  await publishRaw(browser, show, TONE_HZ);
  await new Promise((resolve) => setTimeout(resolve, 8_000));
});

afterAll(async () => {
  console.log(table.join("\n"));
  await browser?.close();
  await stage?.stop();
});

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

const ROWS: readonly (readonly [Fault, Fault])[] = (
  process.env.ROWS ?? "503,503 with CORS,refuses,hangs,stale,media,404,none/hangs,none/late"
)
  .split(",")
  .map((row) => row.split("/") as [Fault, Fault])
  .map(([a, b]) => [a, b ?? "none"]);

test("in mid-show", async () => {
  const rows = await Promise.all(ROWS.map(([primary, copy]) => listenThrough(primary, copy)));
  for (const row of rows) {
    table.push(
      `${row.primary.padEnd(22)} ${row.copy.padEnd(12)} ${String(row.longest).padStart(5)} ${String(row.all).padStart(5)} ${row.gaps.padEnd(20)} ${row.back ?? "never"}  copy asked ${row.copyAsked} ${row.faults.join()} ${row.stalls}`,
    );
  }
  for (const row of rows) {
    expect(row.longest, `${row.primary}, ${row.copy}`).toBeLessThanOrEqual(2000);
  }
}, 240_000);

async function listenThrough(primaryFault: Fault, copyFault: Fault) {
  const copy = await Faulty.start(stage.lifeboat ?? "");
  const primary = await Faulty.start(stage.url, { "/lifeboat.json": { url: copy.url } });
  const { page, faults } = await openPage(
    browser,
    `${primary.url}/listen/${show.listenUrl.split("/").at(-1)}`,
    ["ear"],
  );
  if (process.env.LOG) page.on("console", (message) => console.log(primaryFault, message.text()));
  await page.locator("#play:enabled").click();
  await page.getByText("You are listening live.").waitFor({ timeout: 30_000 });
  await page.evaluate("ear.start()");
  await seconds(6);
  await copy.turn(copyFault);
  await page.evaluate("ear.reset()");
  await seconds(1);
  await primary.turn(primaryFault);
  await seconds(FAULT_MS / 1000);
  await primary.turn("none");
  const healed = Date.now();
  const isBack = () => primary.asked.find(({ path, at }) => at > healed && path.includes("_HLS_part"))?.at;
  while (isBack() === undefined && Date.now() - healed < BACK_MS) await seconds(0.5);
  await seconds(5);
  const heard = await take(page, "ear.take()");
  const silences = gaps(heard.pcm, RATE, TONE_HZ);
  const back = isBack();
  const status = await page.getByRole("status").textContent();
  await page.context().close();
  const copyAsked = copy.asked.length;
  await Promise.all([primary.stop(), copy.stop()]);
  return {
    primary: primaryFault,
    copy: copyFault,
    longest: Math.max(0, ...silences.map(({ seconds }) => Math.round(1000 * seconds))),
    all: Math.round(1000 * silences.reduce((sum, { seconds }) => sum + seconds, 0)),
    gaps: silences.map(({ at, seconds }) => `${(1000 * seconds).toFixed(0)}@${at.toFixed(1)}`).join(" "),
    back: back === undefined ? null : (back - healed) / 1000,
    copyAsked,
    faults: [...faults, status],
    stalls: process.env.STALLS ? heard.stalls.join("\n   ") : heard.stalls.length,
  };
}
