import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Browser, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * Chromium's flags: no traffic to its vendor, WebRTC on a machine that has only loopback, and a microphone without a prompt.
 */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--allow-loopback-in-peer-connection",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
];

/**
 * Starts Debian's (or your) Chromium, headless and with sound. `microphone` is a WAV file that its fake microphone plays from
 * its first use on. Throws one plain sentence when there is no Chromium.
 */
export async function startChromium(options: { microphone?: string } = {}): Promise<Browser> {
  return chromium.launch(launchOptions(options.microphone));
}

/** Starts Chromium in a process of its own that can be killed as by a crash: with `kill` it closes nothing properly. */
export async function startDoomedChromium(): Promise<{ browser: Browser; kill: () => Promise<void> }> {
  const server = await chromium.launchServer(launchOptions(undefined));
  const browser = await chromium.connect(server.wsEndpoint());
  return { browser, kill: () => server.kill() };
}

function launchOptions(microphone: string | undefined) {
  return {
    executablePath: findChromium(),
    headless: true,
    ignoreDefaultArgs: ["--mute-audio"],
    args: microphone === undefined ? FLAGS : [...FLAGS, `--use-file-for-fake-audio-capture=${microphone}`],
  };
}

function findChromium(): string {
  const { CHROMIUM } = process.env;
  const found = (CHROMIUM ? [CHROMIUM] : PLACES).find((place) => existsSync(place));
  if (found) return found;
  throw new Error(
    `These tests need Chromium, and it is not at ${CHROMIUM ?? PLACES.join(", ")}: ` +
      "install it (Debian, Ubuntu: apt-get install chromium) or set CHROMIUM to its path.",
  );
}

/**
 * Opens a page, and collects the errors of its scripts. With `names` it runs those probes of test/kit/page, and its
 * Content-Security-Policy is off, because a probe's audio worklet comes from a blob. Without `names` the policy holds, and what
 * it blocks is an error.
 */
export async function openPage(
  browser: Browser,
  url: string,
  names: readonly string[] = [],
): Promise<Probed> {
  const context = await browser.newContext({ bypassCSP: names.length > 0, permissions: ["microphone"] });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy|Permissions-Policy/i.test(message.text())) faults.push(message.text());
  });
  if (names.length > 0) {
    await page.addInitScript({
      content: `globalThis.workletSource = ${JSON.stringify(await probe("worklet"))};`,
    });
    for (const name of ["tap", ...names]) await page.addInitScript({ content: await probe(name) });
  }
  await page.goto(url);
  return { page, faults };
}

/** A page, and the errors in it so far. */
export interface Probed {
  readonly page: Page;
  readonly faults: readonly string[];
}

function probe(name: string): Promise<string> {
  return readFile(new URL(`page/${name}.js`, import.meta.url), "utf8");
}
