import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, startChromium } from "../kit/chromium.ts";
import { prepareStudio, pressGo, waitForStatus } from "../kit/people.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// The studio page in a real browser, where something goes wrong: with the relay, the key, the microphone, the places.

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

const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();

test("while another server answers 404 in the relay's place, the host stays on the air with the same connection", async () => {
  const show = await stage.create("low");
  const studio = await prepareStudio(browser, show, 1000);
  await pressGo(studio);
  const { page } = studio;
  await waitForStatus(page, /^Listeners hear you/);
  const badges = new Set<string | null>();
  let refused = 0;
  await page.route("**/whip/**", (route) => {
    refused++;
    return route.fulfill({ status: 404, contentType: "text/html", body: "<!doctype html>" });
  });
  for (let second = 0; second < 12; second++) {
    badges.add(await text(page, "badge"));
    await page.waitForTimeout(1_000);
  }
  await page.unroute("**/whip/**");
  await page.waitForResponse((response) => response.url().includes("/whip/") && response.ok());
  badges.add(await text(page, "badge"));
  expect(refused).toBeGreaterThan(1);
  expect([...badges]).toEqual(["On the air"]);
  expect(await page.evaluate("heard.connections[0].connectionState")).toBe("connected");
  const sent = Number(await page.evaluate("heard.sent(0)"));
  await page.waitForTimeout(2_000);
  expect(Number(await page.evaluate("heard.sent(0)")) - sent, "bytes of sound in 2 s").toBeGreaterThan(2_000);
  await page.context().close();
});

test("a host whose first offer another server refuses goes on the air once the relay answers", async () => {
  const show = await stage.create("low");
  const { page } = await openPage(browser, show.studioUrl);
  await page.route("**/whip/*", (route) => route.fulfill({ status: 403, body: "<!doctype html>" }), {
    times: 2,
  });
  await page.locator("#go:enabled").click();
  await waitForStatus(page, "The relay does not answer as it should (403). Trying again by itself");
  await waitForStatus(page, "You are on the air.");
  await page.context().close();
});

/**
 * Runs in the page: keeps what it opens, and can take a device away. A browser's fake devices can not be unplugged, so the list is
 * shortened, and the track is ended as the browser does it.
 */
const UNPLUGGABLE = `{
  const { mediaDevices } = navigator;
  const [open, list] = [mediaDevices.getUserMedia.bind(mediaDevices), mediaDevices.enumerateDevices.bind(mediaDevices)];
  globalThis.tracks = [];
  const gone = new Set();
  mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    tracks.push(...stream.getTracks());
    return stream;
  };
  mediaDevices.enumerateDevices = async () => (await list()).filter(({ deviceId }) => !gone.has(deviceId));
  globalThis.unplug = () => {
    const track = tracks.at(-1);
    gone.add(track.getSettings().deviceId);
    track.stop();
    track.dispatchEvent(new Event("ended"));
    mediaDevices.dispatchEvent(new Event("devicechange"));
  };
}`;

const optionsOf = (page: Page) => page.locator("#device option").allTextContents();
const shownDevice = (page: Page) => page.locator("#device option:checked").textContent();

test("once the open microphone is unplugged, the list shows none as chosen, and any other can be chosen", async () => {
  const show = await stage.create("low");
  const { page, faults } = await openPage(browser, show.studioUrl);
  await page.evaluate(UNPLUGGABLE);
  await pressGo({ page, faults });
  const all = await optionsOf(page);
  await page.evaluate("unplug()");
  await waitForStatus(page, "The microphone was unplugged.");
  await expect.poll(() => shownDevice(page)).toBe("Choose a microphone");
  const [, next] = await optionsOf(page);
  expect(all).toContain(next);
  await page.locator("#device").selectOption({ label: next ?? "" });
  await expect.poll(() => page.evaluate("tracks.at(-1).readyState")).toBe("live");
  await expect.poll(() => shownDevice(page)).toBe(next);
  await expect.poll(() => text(page, "message")).toBe("You are on the air.");
  expect(faults).toEqual([]);
  await page.context().close();
});

test("a host who changes the microphone is sent although the page can not measure the new one", async () => {
  const show = await stage.create("low");
  const studio = await openPage(browser, show.studioUrl);
  const { page } = studio;
  await page.evaluate(UNPLUGGABLE);
  // Firefox does so where the microphone has another sample rate than the output.
  await page.evaluate(`{
    const { createMediaStreamSource } = AudioContext.prototype;
    let calls = 0;
    AudioContext.prototype.createMediaStreamSource = function (stream) {
      if (++calls === 2) throw new DOMException("different sample-rate", "NotSupportedError");
      return createMediaStreamSource.call(this, stream);
    };
    globalThis.senders = [];
    const { addTransceiver } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.addTransceiver = function (...parameters) {
      const transceiver = addTransceiver.apply(this, parameters);
      senders.push(transceiver.sender);
      return transceiver;
    };
  }`);
  await pressGo(studio);
  await page.locator("#noise").uncheck();
  await waitForStatus(page, "The level can not be shown");
  await expect.poll(() => page.evaluate("tracks.length")).toBe(2);
  expect(await page.evaluate("senders[0].track === tracks[1]")).toBe(true);
  expect(await page.evaluate("tracks.map(({ readyState }) => readyState)")).toEqual(["ended", "live"]);
  expect(await text(page, "message")).toBe("You are on the air.");
  await page.locator("#noise").check();
  // Chromium's own fake microphone beeps at full scale at times.
  await waitForStatus(page, /Your microphone is working|Too loud/);
  await page.context().close();
});

test("a host on the air who chooses a microphone that is in use stays on with the one before, and the list shows that one", async () => {
  const show = await stage.create("low");
  const studio = await openPage(browser, show.studioUrl);
  const { page } = studio;
  await page.evaluate(UNPLUGGABLE);
  await pressGo(studio);
  const before = await shownDevice(page);
  const other = (await optionsOf(page)).find((name) => name !== before) ?? "";
  // The fault: another program has the device. A browser's fake devices are never in use.
  await page.evaluate(`{
    let answer;
    const answered = new Promise((resolve) => {
      answer = resolve;
    });
    globalThis.refuse = () => answer();
    navigator.mediaDevices.getUserMedia = async () => {
      await answered;
      throw new DOMException("", "NotReadableError");
    };
  }`);
  await page.locator("#device").selectOption({ label: other });
  expect(await page.locator("#go").isEnabled(), "a host can stop while a microphone is being opened").toBe(
    true,
  );
  await page.evaluate("refuse()");
  await waitForStatus(
    page,
    /^You are on the air\. The microphone is in use by another program\. The microphone before stays on\.$/,
  );
  await expect.poll(() => shownDevice(page)).toBe(before);
  expect(await page.evaluate("tracks.map(({ readyState }) => readyState)")).toEqual(["live"]);
  // What the relay says then is not covered.
  await page.route("**/whip/**", (route) =>
    route.fulfill({ status: 401, json: { error: { code: "unauthorized", message: "" } } }),
  );
  await waitForStatus(page, /^The host key in this link is wrong\./);
  await page.context().close();
});

test("a host whose microphone is unplugged before the show is not told that it is on the air, and can go on with another", async () => {
  const show = await stage.create("low");
  const studio = await openPage(browser, show.studioUrl);
  const { page } = studio;
  await page.evaluate(UNPLUGGABLE);
  await page.locator("#test").click();
  await waitForStatus(page, "Ready. You are not on the air.");
  await page.evaluate("unplug()");
  await waitForStatus(page, /^The microphone was unplugged\. Choose another\.$/);
  await page.locator("#go:enabled").click();
  await waitForStatus(page, /^You are on the air\.$/);
  await page.context().close();
});

test("a studio says at once who its host is, and that its key is wrong or has been replaced, but believes only the relay", async () => {
  const show = await stage.create("low");
  const ada = await stage.makeHost(show, { name: "Ada" });
  const studio = await openPage(browser, ada.studioUrl);
  await studio.page.locator("#who", { hasText: /^You are Ada\.$/ }).waitFor({ timeout: 10_000 });
  expect(await text(studio.page, "badge")).toBe("Off the air");

  await stage.rotateHost(show, ada.hostId);
  const wrong = show.studioUrl.replace(/#.*/, "#key=not-the-key");
  for (const url of [wrong, ada.studioUrl]) {
    const { page } = await openPage(browser, url);
    await waitForStatus(page, "The host key in this link is wrong. Ask for the studio link again.", 10_000);
    await page.context().close();
  }

  const { page } = await openPage(browser, "about:blank");
  await page.route("**/whip/**", (route) => route.fulfill({ status: 401, body: "<!doctype html>" }));
  const asked = page.waitForResponse((response) => response.url().includes("/whip/"));
  await page.goto(ada.studioUrl);
  await asked;
  await waitForStatus(page, "Test your microphone, or go live at once.");
  await page.waitForTimeout(500);
  expect(await text(page, "message")).toBe("Test your microphone, or go live at once.");
  for (const each of [page, studio.page]) await each.context().close();
});

const isPost = (response: { url(): string; request(): { method(): string } }) =>
  response.request().method() === "POST" && response.url().includes("/whip/");

test("a host who joins a full show is told after a second try, and can take the place of another, who is told so", async () => {
  const show = await stage.create("low", { maxHosts: 1 });
  const ben = await stage.makeHost(show, { name: "Ben" });
  const first = await openPage(browser, show.studioUrl);
  await pressGo(first);
  await waitForStatus(first.page, /^Listeners hear you/);
  const second = await openPage(browser, ben.studioUrl);
  const answers: number[] = [];
  second.page.on("response", (response) => {
    if (isPost(response)) answers.push(response.status());
  });
  expect(await second.page.locator("#take").isVisible()).toBe(false);
  await second.page.locator("#go:enabled").click();
  await waitForStatus(
    second.page,
    /^Every place is taken: another host has to leave first\. Or press "Take a place": somebody else then goes off/,
  );
  expect(answers).toEqual([409, 409]);
  await second.page.locator("#take").click();
  await waitForStatus(second.page, "You are on the air.");
  expect(await second.page.locator("#take").isVisible()).toBe(false);
  await waitForStatus(first.page, /^Every place is taken: .* Trying again by itself/);
  // The one who took the place goes: the first comes back by itself.
  await second.page.locator("#go").click();
  await waitForStatus(first.page, "You are on the air.", 30_000);
  for (const { page } of [first, second]) await page.context().close();
});

test("a press on Take a place takes one place at most, though the attempt fails", async () => {
  const show = await stage.create("low", { maxHosts: 1 });
  const ben = await stage.makeHost(show, { name: "Ben" });
  const first = await openPage(browser, show.studioUrl);
  await pressGo(first);
  await waitForStatus(first.page, /^Listeners hear you/);
  const { page } = await openPage(browser, ben.studioUrl);
  let taken = 0;
  await page.route(/takeover=1/, (route) => {
    taken++;
    return route.abort();
  });
  await page.locator("#go:enabled").click();
  await page.locator("#take").click();
  await waitForStatus(page, /The relay can not be reached/);
  await waitForStatus(page, /^Every place is taken/, 30_000);
  expect(taken).toBe(1);
  for (const opened of [first.page, page]) await opened.context().close();
});

test("a host goes on the air although the browser does not tell which devices there are", async () => {
  const show = await stage.create("low");
  const { page } = await openPage(browser, show.studioUrl);
  await page.evaluate("navigator.mediaDevices.enumerateDevices = () => new Promise(() => {})");
  await page.locator("#go:enabled").click();
  await waitForStatus(page, "You are on the air.");
  await page.context().close();
});

test("a host who joins a full show goes on the air without a word where a place gets free in the meantime", async () => {
  const show = await stage.create("low", { maxHosts: 1 });
  const first = await openPage(browser, show.studioUrl);
  const posted = first.page.waitForResponse(isPost);
  await pressGo(first);
  const session = new URL((await (await posted).headerValue("location")) ?? "", stage.url).href;
  const headers = { Authorization: `Bearer ${show.hostKey}` };
  const { page } = await openPage(browser, show.studioUrl);
  // The relay's own 409 arrives once the other host has left.
  let isFirst = true;
  await page.route(/\/whip\/[^/]+$/, async (route) => {
    if (route.request().method() !== "POST" || !isFirst) return route.continue();
    isFirst = false;
    const response = await route.fetch();
    await first.page.locator("#go").click();
    await expect.poll(async () => (await fetch(session, { headers })).status).toBe(404);
    await route.fulfill({ response });
  });
  const sentences: string[] = [];
  await page.exposeFunction("note", (sentence: string) => sentences.push(sentence));
  await page.evaluate(`new MutationObserver(() => note(document.querySelector("#message").textContent))
    .observe(document.querySelector("#message"), { childList: true, characterData: true, subtree: true })`);
  const refused = page.waitForResponse(isPost);
  await page.locator("#go:enabled").click();
  expect((await refused).status()).toBe(409);
  await waitForStatus(page, "You are on the air.");
  expect(sentences.filter((sentence) => sentence.startsWith("Every place"))).toEqual([]);
  for (const each of [first.page, page]) await each.context().close();
});

test("a host whom the producer has muted is told so although the relay's status can not be read", async () => {
  const show = await stage.create("low");
  await stage.changeHost(show, "host", { muted: true });
  const { page, faults } = await openPage(browser, "about:blank");
  await page.route("**/status.json*", (route) => route.fulfill({ status: 503, json: {} }));
  await page.goto(show.studioUrl);
  await pressGo({ page, faults });
  await waitForStatus(page, /^Listeners do not hear you: your producer has muted you\.$/);
  await page.context().close();
});
