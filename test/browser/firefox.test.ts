import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Firefox, startFirefox, type Tab } from "./firefox.ts";
import { type Stage, setStage } from "./stage.ts";

// Firefox on the pages of a relay on loopback, which it pairs with by another address (sfu/session.ts).

let stage: Stage;
const open: Firefox[] = [];

beforeAll(async () => {
  stage = await setStage();
});
afterEach(async () => {
  for (const firefox of open.splice(0)) await firefox.close();
});
afterAll(() => stage?.stop());

async function start(): Promise<Firefox> {
  const firefox = await startFirefox();
  open.push(firefox);
  return firefox;
}

const text = (tab: Tab, id: string) => tab.read(`document.getElementById("${id}").textContent`);

/** Presses a button as soon as it can be. */
async function press(tab: Tab, id: string): Promise<void> {
  const isReady = () => tab.read(`!document.getElementById("${id}").disabled`);
  await expect.poll(isReady, { timeout: 10_000 }).toBe("true");
  await tab.read(`document.getElementById("${id}").click()`);
}

test("where there is no audio output, its studio goes live all the same, and blames no microphone", async () => {
  const show = await stage.create("low");
  const studio = await (await start()).open(show.studioUrl);
  await press(studio, "go");
  await expect.poll(() => text(studio, "message"), { timeout: 15_000 }).toBe("You are on the air.");
  await expect
    .poll(() => text(studio, "heard"), { timeout: 15_000 })
    .toMatch(/^Listeners hear you, at -\d+ dB/);
  expect(await text(studio, "level-text")).toBe(
    "The level can not be shown: this browser does not run the page's sound.",
  );
});
