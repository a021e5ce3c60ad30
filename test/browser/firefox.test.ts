import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { toneLevel, unexcusedGaps } from "../kit/probe/tone.ts";
import { type Stage, setStage } from "../kit/stage.ts";
import { type Firefox, startFirefox, type Tab } from "./firefox.ts";
import { LOUDSPEAKER_RATE, type Loudspeaker, startLoudspeaker } from "./loudspeaker.ts";

// Firefox publishes and listens on the pages of a relay on loopback. It has no loopback candidate, so it connects by
// another address of this machine (local/sfu/session.ts).

let stage: Stage;
const open: { close(): Promise<void> }[] = [];
/** How long the test listens, seconds, and the tone of Firefox's fake microphone. */
const SECONDS = 6;
const FIREFOX_TONE_HZ = 1000;

beforeAll(async () => {
  stage = await setStage();
});
afterEach(async () => {
  for (const program of open.splice(0).reverse()) await program.close();
});
afterAll(() => stage?.stop());

async function start(loudspeaker?: Loudspeaker): Promise<Firefox> {
  const firefox = await startFirefox(loudspeaker);
  open.push(firefox);
  return firefox;
}

const text = (tab: Tab, id: string) => tab.read(`document.getElementById("${id}").textContent`);

/** Presses a button as soon as it is enabled. */
async function press(tab: Tab, id: string): Promise<void> {
  const isReady = () => tab.read(`!document.getElementById("${id}").disabled`);
  await expect.poll(isReady, { timeout: 10_000 }).toBe("true");
  await tab.read(`document.getElementById("${id}").click()`);
}

test("without an audio output, Firefox's studio goes live all the same, and does not blame the microphone", async () => {
  const show = await stage.create("low");
  const studio = await (await start()).open(show.studioUrl);
  await press(studio, "go");
  await expect.poll(() => text(studio, "message"), { timeout: 15_000 }).toBe("You are on the air.");
  await expect.poll(() => text(studio, "heard"), { timeout: 15_000 }).toBe("Listeners hear you.");
  expect(await text(studio, "level-text")).toBe(
    "The level can not be shown: this browser does not run the page's sound.",
  );
});

const sentences = (tab: Tab) => text(tab, "sentence");

test("Firefox publishes and listens: the tone plays for five seconds without a hole, and the studio shows its level", async () => {
  const loudspeaker = await startLoudspeaker();
  open.push(loudspeaker);
  const firefox = await start(loudspeaker);
  const show = await stage.create("low");
  const studio = await firefox.open(show.studioUrl);
  await press(studio, "go");
  await expect.poll(() => text(studio, "message"), { timeout: 15_000 }).toBe("You are on the air.");
  await expect.poll(() => text(studio, "level-text"), { timeout: 5_000 }).toBe("Your microphone is working.");
  // The microphone's tone has 0.1 of full scale.
  expect(Number(await studio.read(`document.getElementById("level").value`))).toBeCloseTo(-20, 0);

  const listener = await firefox.open(show.listenUrl);
  await press(listener, "play");
  await expect.poll(() => sentences(listener), { timeout: 20_000 }).toBe("You are listening live.");
  // Skip the player's first seconds, in which it jumps to its place behind the live edge.
  await sleep(3_000);
  await listener.read(`((globalThis.waits = 0),
    document.querySelector("audio").addEventListener("waiting", () => waits++))`);
  const place = async () => Number(await listener.read(`document.querySelector("audio").currentTime`));
  stage.settle();
  const from = await place();
  const heard = await loudspeaker.record(SECONDS);
  const played = (await place()) - from;
  const tone = toneLevel(heard, LOUDSPEAKER_RATE, FIREFOX_TONE_HZ);
  console.log(`Firefox played ${played.toFixed(2)} s, the tone at ${tone.toFixed(3)}`);
  expect(played).toBeGreaterThanOrEqual(SECONDS - 0.5);
  expect(Number(await listener.read("waits"))).toBe(0);
  expect(tone).toBeGreaterThan(0.05);
  expect(unexcusedGaps(heard, LOUDSPEAKER_RATE, FIREFOX_TONE_HZ, stage.stalled())).toEqual([]);
});

test("without an audio output, Firefox's listener page says so and what to do, and nothing else", async () => {
  const show = await stage.create("low");
  const firefox = await start();
  const studio = await firefox.open(show.studioUrl);
  await press(studio, "go");
  await expect.poll(() => text(studio, "message"), { timeout: 15_000 }).toBe("You are on the air.");
  const listener = await firefox.open(show.listenUrl);
  await press(listener, "play");
  const said = "This browser has no audio output. Connect headphones or a loudspeaker";
  await expect.poll(() => sentences(listener), { timeout: 20_000 }).toContain(said);
  // The page retries about three times in this period.
  for (let look = 0; look < 40; look++) {
    expect(await sentences(listener)).toContain(said);
    await sleep(100);
  }
});
