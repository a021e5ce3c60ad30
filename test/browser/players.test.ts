import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, startChromium } from "../kit/chromium.ts";
import { goLive } from "../kit/people.ts";
import { listen } from "../kit/port.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// Unmodified players of other projects play a show in a browser with its cache: each on a page of its own, all at once.

const SECONDS = 60;
const PLAYERS: Readonly<Record<string, string>> = {
  "hls.js": "hls.js/dist/hls.min.js",
  Shaka: "shaka-player/dist/shaka-player.compiled.js",
  "video.js": "video.js/dist/video.min.js",
  "video.js, llhls": "video.js/dist/video.min.js",
};

let stage: Stage;
let browser: Browser;
/** The address of the players' pages. */
let url: string;
const server = createServer(
  (request, response) =>
    void serve(decodeURIComponent(request.url ?? "").slice(1)).then(([type, body]) =>
      response.writeHead(200, { "content-type": type }).end(body),
    ),
);

/** `NAME` is a page that loads that player's script, `NAME?script` is the script. */
async function serve(path: string): Promise<[string, string]> {
  const script = path.endsWith("?script") ? PLAYERS[path.replace("?script", "")] : undefined;
  if (script !== undefined) {
    return ["text/javascript", await readFile(createRequire(import.meta.url).resolve(script), "utf8")];
  }
  const page = `<!doctype html><title>${path}</title><script src="${path}?script"></script><audio></audio>`;
  return ["text/html", page];
}

beforeAll(async () => {
  stage = await setStage();
  browser = await startChromium();
  url = `http://127.0.0.1:${await listen(server)}/`;
});

afterAll(async () => {
  await browser?.close();
  server.close();
  await stage?.stop();
});

test("hls.js, Shaka and video.js (with and without low latency) play a minute without a stall", async () => {
  const show = await stage.create("balanced");
  const studio = await goLive(browser, show);
  const playing = await Promise.all(
    Object.keys(PLAYERS).map(async (name) => {
      const { page } = await openPage(browser, url + encodeURIComponent(name), ["player"]);
      await page.evaluate(`player.start(${JSON.stringify(name)}, ${JSON.stringify(show.playbackUrl)})`);
      return { name, page };
    }),
  );
  await sleep(3_000);
  for (const { page } of playing) await page.evaluate("player.reset()");
  await sleep(SECONDS * 1000);
  const outcome = await Promise.all(
    playing.map(async ({ name, page }) => ({
      name,
      ...(await page.evaluate<{ longest: number; played: number; lasted: number }>("player.read()")),
    })),
  );
  console.log(
    outcome
      .map(
        ({ name, longest, played, lasted }) =>
          `${name}: ${played.toFixed(1)} s played in ${lasted.toFixed(1)} s, stood still for ${longest.toFixed(0)} ms at most`,
      )
      .join("\n"),
  );
  for (const { name, longest, played, lasted } of outcome) {
    expect(longest, name).toBeLessThan(500);
    expect(lasted, name).toBeGreaterThan(SECONDS - 1);
    // A position that leaps forward has skipped sound.
    expect(Math.abs(played - lasted), `s skipped or not played, ${name}`).toBeLessThan(1);
  }
  for (const { page } of [studio, ...playing]) await page.context().close();
}, 180_000);

test("hls.js, Shaka and video.js play an ended show to its end, wherever in a segment it ends", async () => {
  const listening = await Promise.all(
    [...Object.keys(PLAYERS), ...Array.from({ length: 4 }, () => "hls.js")].map(async (name) => {
      const show = await stage.create("low");
      await stage.open(show);
      const { page } = await openPage(browser, url + encodeURIComponent(name), ["player"]);
      await page.evaluate(`player.start(${JSON.stringify(name)}, ${JSON.stringify(show.playbackUrl)})`);
      return { name, show, page };
    }),
  );
  await sleep(5_000);
  const outcome = await Promise.all(
    listening.map(async ({ name, show, page }, n) => {
      await page.waitForTimeout(384 * n);
      await stage.end(show);
      const ended = Date.now();
      const isOver = page.waitForFunction("player.hasEnded()", undefined, { timeout: 15_000 });
      return { name, millis: await isOver.then(() => Date.now() - ended).catch(() => null) };
    }),
  );
  console.log(outcome.map(({ name, millis }) => `${name}: over ${millis} ms after the end`).join("\n"));
  // video.js without low latency plays 6 s behind the live edge.
  for (const { name, millis } of outcome) expect(millis, name).toBeLessThan(12_000);
  for (const { page } of listening) await page.context().close();
}, 120_000);
