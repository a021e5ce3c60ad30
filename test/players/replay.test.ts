import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, startChromium } from "../kit/chromium.ts";
import { type Listed, readList, variantOf } from "../kit/list.ts";
import { listen } from "../kit/port.ts";
import { RATE, TONE_HZ } from "../kit/probe/signal.ts";
import { unexcusedGaps } from "../kit/probe/tone.ts";
import { left, run } from "../kit/program.ts";
import { take } from "../kit/recording.ts";
import { type Stage, setStage } from "../kit/stage.ts";
import { goOnAir } from "./show.ts";

// Players play a show until it ends, and then again from its start. None has an error, and they play the sound that the
// host sent.

/** How long the host is heard, seconds: more than the 28.8 s of a live playlist. */
const SECONDS = 45;
const PLAYERS = ["hls.js", "native", "hls.js, rewound"] as const;

let stage: Stage;
let browser: Browser;
let port: number;
const server = createServer(async ({ url }, response) => {
  if (url?.endsWith("script")) {
    const script = await readFile(createRequire(import.meta.url).resolve("hls.js/dist/hls.min.js"), "utf8");
    response.writeHead(200, { "content-type": "text/javascript" }).end(script);
  } else {
    const page = '<!doctype html><title>A player</title><script src="script"></script><audio></audio>';
    response.writeHead(200, { "content-type": "text/html" }).end(page);
  }
});

beforeAll(async () => {
  stage = await setStage();
  browser = await startChromium();
  port = await listen(server);
});

afterAll(async () => {
  await browser?.close();
  server.close();
  await stage?.stop();
});

/** Returns ffmpeg's messages without the one that it prints for any live fMP4 (live.test.ts). */
const complaints = (output: string) =>
  output.split("\n").filter((line) => line !== "" && !line.includes("Found duplicated MOOV Atom"));

/** Opens a page on which one of the players plays the URL. */
async function play(name: (typeof PLAYERS)[number], url: string): Promise<Page> {
  const { page } = await openPage(browser, `http://127.0.0.1:${port}/`, ["player"]);
  const player = name.replace(", rewound", "");
  const asked = name === "hls.js, rewound" ? `${url}?dvr=1` : url;
  await page.evaluate(`player.start(${JSON.stringify(player)}, ${JSON.stringify(asked)})`);
  return page;
}

const where = (page: Page) =>
  page.evaluate<{ at: number; of: number; error: string | null }>("player.where()");
const over = (page: Page) => page.waitForFunction("player.hasEnded()", undefined, { timeout: 20_000 });

async function listOf(url: string): Promise<Listed> {
  const uri = new URL(variantOf(await (await fetch(url)).text()), url);
  return readList(await (await fetch(uri)).text());
}

test("a show plays to its end, and after its end from its start, by the same URL", {
  timeout: 300_000,
}, async () => {
  const { show, silence, stalled, settle } = await goOnAir(stage, "low");
  await expect.poll(async () => (await stage.status(show)).state, { timeout: 20_000 }).toBe("live");
  await sleep(8_000);
  const url = show.playbackUrl;
  const live = ["-hide_banner", "-loglevel", "repeat+warning", "-i", url, "-f", "null", "-"];
  const mpv = ["--no-config", "--no-video", "--msg-level=all=warn"];
  const programs = [
    run("ffmpeg", live, { seconds: SECONDS + 60 }),
    run("mpv", [...mpv, "--ao=null", url], { seconds: SECONDS + 60 }),
  ];
  const pages = await Promise.all(PLAYERS.map(async (name) => [name, await play(name, url)] as const));
  const listener = await openPage(browser, show.listenUrl, ["ear"]);
  await listener.page.locator("#play:enabled").click();
  await listener.page.getByText("You are listening live.").waitFor({ timeout: 30_000 });
  // Holes that starting all this caused at the host do not count.
  stage.settle();
  settle();
  const steadyAt = Date.now() + 1_000;
  await sleep(1_000 * SECONDS);
  // The host is heard up to the end.
  await stage.end(show);
  const ended = Date.now();
  await expect
    .poll(async () => (await listOf(url)).firstMsn < 9, { timeout: 2_000, interval: 50 })
    .toBe(true);
  console.log(`the URL was the replay ${Date.now() - ended} ms after the answer to the end`);

  for (const [name, { code, stderr }] of (await Promise.all(programs)).map((one, n) => [n, one] as const)) {
    expect(complaints(stderr), `program ${name}`).toEqual([]);
    expect(code, `program ${name}`).toBe(0);
  }
  for (const [name, page] of pages) {
    await over(page).catch(async () => expect.fail(`${name} is at ${JSON.stringify(await where(page))}`));
    expect((await where(page)).error, name).toBeNull();
  }
  await listener.page.getByText("Press play to hear it from its start.").waitFor({ timeout: 20_000 });
  await silence();

  const list = await listOf(url);
  const seconds = list.segments.reduce((sum, { duration }) => sum + duration, 0);
  expect(list.ended).toBe(true);
  expect(seconds).toBeGreaterThan(SECONDS);
  const steady = (steadyAt - (list.segments[0]?.date ?? 0)) / 1000;
  expect(steady).toBeLessThan(seconds - SECONDS + 5);
  const heard = (pcm: Float32Array) => pcm.subarray(Math.round(steady * RATE), pcm.length - RATE / 2);
  const withheld = Math.max(stage.stalled(), stalled());

  const decoded = await run("ffmpeg", ["-loglevel", "repeat+warning", "-i", url, "-f", "f32le", "pipe:1"], {
    seconds: 60,
  });
  expect([complaints(decoded.stderr), decoded.code]).toEqual([[], 0]);
  const pcm = left(decoded.stdout);
  console.log(`ffmpeg: ${(pcm.length / RATE).toFixed(3)} s of ${seconds.toFixed(3)} s listed`);
  expect(Math.abs(pcm.length / RATE - seconds)).toBeLessThan(0.05);
  expect(unexcusedGaps(heard(pcm), RATE, TONE_HZ, withheld)).toEqual([]);

  const file = join(stage.folder, "replay.wav");
  const played = await run("mpv", [...mpv, "--untimed", "--ao=pcm", `--ao-pcm-file=${file}`, url], {
    seconds: 90,
  });
  expect([complaints(played.stderr + played.stdout.toString()), played.code]).toEqual([[], 0]);
  const raw = await run(
    "ffmpeg",
    ["-loglevel", "error", "-i", file, "-f", "f32le", "-ar", "48000", "pipe:1"],
    {
      seconds: 30,
    },
  );
  const byMpv = left(raw.stdout);
  console.log(`mpv: ${(byMpv.length / RATE).toFixed(3)} s`);
  expect(Math.abs(byMpv.length / RATE - seconds)).toBeLessThan(0.1);
  expect(unexcusedGaps(heard(byMpv), RATE, TONE_HZ, withheld)).toEqual([]);

  // A player that rewound has the whole show in the playlist it has loaded, and needs no other.
  const rewound = pages.find(([name]) => name === "hls.js, rewound")?.[1] as Page;
  expect((await where(rewound)).of).toBeCloseTo(seconds, 0);
  await rewound.evaluate("player.seek(0)");
  await expect.poll(async () => (await where(rewound)).at, { timeout: 10_000 }).toBeGreaterThan(1);
  expect((await where(rewound)).at).toBeLessThan(11);

  for (const name of ["hls.js", "native"] as const) {
    const page = await play(name, url);
    const { at, of } = await where(page);
    console.log(`${name}: began at ${at.toFixed(2)} s of ${of.toFixed(2)} s`);
    expect(at, name).toBeLessThan(3);
    expect(Math.abs(of - seconds), name).toBeLessThan(0.2);
    await page.evaluate(`player.seek(${seconds - 4})`);
    await over(page).catch(async () => expect.fail(`${name} is at ${JSON.stringify(await where(page))}`));
    await page.context().close();
  }

  await listener.page.locator("#play:enabled").click();
  await listener.page.getByText("You are listening to a show that has ended.").waitFor({ timeout: 20_000 });
  await listener.page.evaluate("ear.start()");
  const place = listener.page.locator("#position");
  expect(await place.isVisible()).toBe(true);
  // In the middle of the show the tone has no hole.
  const midst = Math.ceil(Math.max(seconds / 3, steady));
  await place.fill(String(midst));
  await listener.page.waitForTimeout(2_000);
  await listener.page.evaluate("ear.reset()");
  await listener.page.waitForTimeout(6_000);
  const { pcm: again, rate, stalls } = await take(listener.page, "ear.take()");
  expect(stalls).toEqual([]);
  expect(unexcusedGaps(again, rate, TONE_HZ, withheld)).toEqual([]);
  expect(Number(await place.inputValue())).toBeGreaterThan(midst + 4);
  // Stopped and started again, it goes on from there.
  await listener.page.locator("#play").click();
  await listener.page.getByText("This show has ended. Press play").waitFor({ timeout: 5_000 });
  await listener.page.locator("#play:enabled").click();
  await expect
    .poll(async () => Number(await place.inputValue()), { timeout: 15_000 })
    .toBeGreaterThan(midst + 4);
  await place.fill(String(Math.round(seconds - 3)));
  await listener.page.getByText("The show has ended. Thank you for listening.").waitFor({ timeout: 20_000 });
  expect(listener.faults).toEqual([]);
  for (const [, page] of [...pages, ["listener", listener.page] as const]) await page.context().close();
});
