import type { Browser, Route } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPage, startChromium } from "../kit/chromium.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { waitForStatus } from "../kit/people.ts";
import { type Stage, setStage } from "../kit/stage.ts";

// The pages in a real browser as people use them, with their Content-Security-Policy in force. Each test has a show of
// its own and mostly waits, so a few of them run at once.

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

/** The page's cumulative layout shift so far, without shifts that follow an input. */
const SHIFT = `new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 200);
})`;

/** What the studio says of Chromium's own fake microphone, which beeps once a second, at times at full scale. */
const WORKING = /Your microphone is working|Too loud/;
/** Goes on the air in the studio. The caller closes its page. */
async function host(show: CreatedBroadcast) {
  const studio = await openPage(browser, show.studioUrl);
  await studio.page.locator("#go:enabled").click();
  await waitForStatus(studio.page, "You are on the air.");
  return studio;
}

test.concurrent("an early listener presses play once and hears the show begin, pause, return and end", async () => {
  const show = await stage.create("low", { title: "Early birds" });
  const listener = await openPage(browser, show.listenUrl);
  const { page } = listener;
  await waitForStatus(page, "Not started yet. Press play");
  expect(await page.title()).toBe("Early birds · Earshot");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await waitForStatus(page, "The doors are open. The show is about to begin.");

  const studio = await host(show);
  await waitForStatus(page, "You are listening live.");
  await waitForStatus(studio.page, "Listeners hear you.");
  await studio.page.locator("#figures", { hasText: /^The show is at -\d+ dB/ }).waitFor();
  expect(await page.locator("#badge").textContent()).toBe("Live");

  await studio.page.locator("#go").click();
  await waitForStatus(studio.page, "You are not on the air.");
  await waitForStatus(page, "The host has dropped out and may come back");
  await studio.page.locator("#go").click();
  await waitForStatus(page, "You are listening live.");

  await stage.end(show);
  await waitForStatus(
    page,
    "The show has ended. Thank you for listening. Press play to hear it from its start.",
  );
  expect(await page.locator("#position").isVisible()).toBe(false);
  await waitForStatus(studio.page, /This broadcast has ended/);
  await page.locator("#play:enabled").press("Enter");
  await waitForStatus(page, "You are listening to a show that has ended.");
  expect(await page.locator("#position").getAttribute("aria-valuetext")).toMatch(/^0:0\d of 0:\d\d$/);
  await page.locator("#play").press("Enter");
  await waitForStatus(page, "This show has ended. Press play to hear it.");
  expect([...listener.faults, ...studio.faults]).toEqual([]);
  for (const { page } of [listener, studio]) await page.context().close();
}, 120_000);

// One after the other: five pages are as many as a slow machine plays without a stall.
test.each([
  ["at once", 0],
  ["600 ms late", 600],
])("where parts come %s, the end is shown soon, wherever in a segment it is", async (_when, late) => {
  const shows = await Promise.all(Array.from({ length: 5 }, () => stage.create("low")));
  const pages = await Promise.all(
    shows.map(async (show) => {
      await stage.open(show);
      const { page } = await openPage(browser, show.listenUrl);
      await page.locator("#play:enabled").click();
      await waitForStatus(page, "The doors are open.", 60_000);
      return page;
    }),
  );
  await pages[0]?.waitForTimeout(3_000);
  await Promise.all(
    pages.map(async (page, n) => {
      await page.waitForTimeout(384 * n);
      if (late > 0) await page.route(/\.m4s$/, (route) => setTimeout(() => route.continue(), late));
      await page.waitForTimeout(late);
      await stage.end(shows[n] as CreatedBroadcast);
      await waitForStatus(page, "The show has ended. Thank you for listening.", 8_000);
    }),
  );
  for (const page of pages) await page.context().close();
});

test.concurrent("the listener stops and comes back at the live edge", async () => {
  const show = await stage.create("low");
  const studio = await host(show);
  const { page, faults } = await openPage(browser, show.listenUrl);
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "You are listening live.");
  const behind = () =>
    page.evaluate<number>(`{
      const { seekable, currentTime } = document.querySelector("audio");
      seekable.end(seekable.length - 1) - currentTime;
    }`);
  await page.waitForTimeout(1000);
  const before = await behind();
  await page.locator("#play").click();
  await waitForStatus(page, "Press play to listen.");
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.waitForTimeout(3000);
  expect(
    asked.filter((url) => !url.endsWith("status.json")),
    "requests while stopped",
  ).toEqual([]);
  await page.locator("#play").click();
  await waitForStatus(page, "You are listening live.");
  await page.waitForTimeout(1000);
  // From where it stopped, it would be 3 s further behind.
  expect((await behind()) - before, "s further behind the newest part than before").toBeLessThan(1.5);
  expect(faults).toEqual([]);
  for (const each of [page, studio.page]) await each.context().close();
});

test.concurrent("a named host sees whose studio it is, listeners see the name as text, and a replaced key ends its session", async ({
  expect,
}) => {
  const show = await stage.create("low", { title: "A named show" });
  const ada = await stage.makeHost(show, { name: "Ada <i>Lovelace</i>" });
  const studio = await host({ ...show, studioUrl: ada.studioUrl });
  await studio.page.locator("#who", { hasText: /^You are Ada <i>Lovelace<\/i>\.$/ }).waitFor();
  const listener = await openPage(browser, show.listenUrl);
  const onAir = () => listener.page.locator("#on-air").textContent();
  const soon = { timeout: 15_000 };
  await expect.poll(onAir, soon).toBe("On the air: Ada <i>Lovelace</i>");
  expect(await listener.page.locator("#on-air *").count()).toBe(0);
  await stage.changeHost(show, ada.hostId, { name: "Countess" });
  await expect.poll(onAir, soon).toBe("On the air: Countess");

  const rotated = await stage.rotateHost(show, ada.hostId);
  await waitForStatus(
    studio.page,
    "The host key in this link is wrong. Ask for the studio link again.",
    15_000,
  );
  await expect.poll(onAir, soon).toBe("");
  const again = await host({ ...show, studioUrl: rotated.studioUrl });
  await again.page.locator("#who", { hasText: /^You are Countess\.$/ }).waitFor();
  for (const { page } of [studio, listener, again]) await page.context().close();
}, 120_000);

test.concurrent("listeners are counted, and the listener page, the embed and the studio say how many", async () => {
  const show = await stage.create("low", { title: "A counted show" });
  const studio = await host(show);
  const figures = (pattern: RegExp, timeout: number) =>
    studio.page.locator("#figures", { hasText: pattern }).waitFor({ timeout });
  await figures(/^The show is at -\d+ dB\. Nobody is listening\.$/, 20_000);
  const listener = await openPage(browser, show.listenUrl);
  const embed = await openPage(browser, show.listenUrl.replace("/listen/", "/embed/"));
  for (const { page } of [listener, embed]) {
    await page.locator("#play:enabled").click();
    await waitForStatus(page, "You are listening live.");
  }
  // Some 30 s: the reports of two isolates, the shard's next round, and the cache lifetimes of a figure and a status.
  await figures(/^The show is at -\d+ dB\. (?:About|Perhaps) 2 listening\.$/, 45_000);
  // Screen readers read a status aloud at every change, in the middle of the show: so it has no figures.
  const statuses = await studio.page.getByRole("status").allTextContents();
  expect(statuses.filter((text) => /\d/.test(text))).toEqual([]);
  expect(await studio.page.locator("[aria-live] #figures").count()).toBe(0);
  // A page that plays asks for the count once a minute.
  for (const { page } of [listener, embed])
    await page
      .locator("#listeners", { hasText: /^(?:about|perhaps) 2 listening$/ })
      .waitFor({ timeout: 80_000 });
  expect([...listener.faults, ...embed.faults, ...studio.faults]).toEqual([]);
  for (const { page } of [listener, embed, studio]) await page.context().close();
}, 180_000);

test.concurrent("when the relay vanishes and returns, the page reconnects by itself", async () => {
  const show = await stage.create("low");
  const studio = await host(show);
  const { page } = await openPage(browser, show.listenUrl);
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "You are listening live.");
  const unanswered = page.waitForEvent("requestfailed", (request) => request.url().includes("status.json"));
  await page.route("**/live/**", (route) => route.abort("connectionrefused"));
  await waitForStatus(page, "Reconnecting by itself");
  // A page that lost the status as well asks for it soon, although its playlist tells the events again.
  await unanswered;
  await page.unroute("**/live/**");
  // The page may wait up to 15 s before its next try, and then joins.
  await waitForStatus(page, "You are listening live.", 40_000);
  for (const each of [page, studio.page]) await each.context().close();
});

test.concurrent.for<[string, (route: Route) => unknown]>([
  ["is refused", (route) => route.abort("connectionrefused")],
  ["hangs", () => undefined],
  ["is switched off", (route) => route.fulfill({ status: 503, headers: { "retry-after": "60" }, json: {} })],
])("a show is heard although everything but its media %s", async ([, answer], { expect }) => {
  const show = await stage.create("low");
  const studio = await host(show);
  const { page, faults } = await openPage(browser, "about:blank");
  await page.route(/\/(status|audience)\.json|\/api\//, answer);
  await page.goto(show.listenUrl);
  await waitForStatus(page, "How the show is can not be told at this moment.");
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "You are listening.");
  const place = () => page.evaluate<number>("document.querySelector('audio').currentTime");
  const before = await place();
  await expect.poll(place).toBeGreaterThan(before + 2);
  expect(faults).toEqual([]);
  for (const each of [page, studio.page]) await each.context().close();
});

test.concurrent("a page that waits for a show plays it although the status is switched off meanwhile", async () => {
  const show = await stage.create("low", { autoOpen: false });
  const { page } = await openPage(browser, show.listenUrl);
  await page.locator("#play:enabled").click();
  await waitForStatus(page, "It will start here by itself: keep this page open.");
  await page.route(/\/status\.json/, (route) => route.fulfill({ status: 503, json: {} }));
  // The relay still holds one request for the status, whose answer would tell that the doors are open.
  await page.waitForResponse((response) => response.status() === 503);
  const studio = await host(show);
  await waitForStatus(page, "You are listening.", 60_000);
  for (const each of [page, studio.page]) await each.context().close();
}, 120_000);

test.concurrent("a host who changes the microphone while the studio connects is heard with the new one", async () => {
  const show = await stage.create("low");
  const { page, faults } = await openPage(browser, show.studioUrl);
  await page.route(/\/whip\/[^/]+$/, async (route) => {
    await page.locator("#noise").uncheck();
    await page.getByText(WORKING).waitFor();
    await page.waitForTimeout(500);
    await route.continue();
  });
  await page.locator("#go:enabled").click();
  await waitForStatus(page, "You are on the air.");
  await waitForStatus(page, /^Listeners hear you/);
  expect(faults).toEqual([]);
  await page.context().close();
});

test.concurrent("the first listener, whose press opens the doors, is told so within 12 s", async () => {
  const show = await stage.create("low");
  const { page } = await openPage(browser, show.listenUrl);
  await page.locator("#badge", { hasText: "Not started" }).waitFor();
  await page.locator("#play:enabled").click();
  await page.locator("#badge", { hasText: "Doors open" }).waitFor({ timeout: 12_000 });
  await page.context().close();
});

test.concurrent("a listener opens the doors before their time, and is told that the show is late", async ({
  expect,
}) => {
  const opensAt = new Date(Date.now() + 45_000).toISOString();
  const show = await stage.create("low", { description: "About nothing\nin two lines", opensAt });
  const { page, faults } = await openPage(browser, show.listenUrl);
  await waitForStatus(page, /^Not started yet: it begins (at|on) .*\. Press play/);
  expect(await page.locator("#description").textContent()).toBe("About nothing\nin two lines");
  expect((await stage.status(show)).state).toBe("announced");
  await page.locator("#play:enabled").click();
  await waitForStatus(page, /^The show begins (at|on) .*\. Stay here\.$/);
  // A status that was just answered may be repeated for a second.
  await expect.poll(async () => (await stage.status(show)).state).toBe("open");
  await waitForStatus(page, /^The show is late: it was to begin (at|on) .*\. Stay here\.$/, 60_000);
  expect(faults).toEqual([]);
  await page.context().close();
}, 120_000);

test.concurrent("a host whose session is cut off comes back on the air by itself", async () => {
  const show = await stage.create("low");
  const { page, faults } = await openPage(browser, show.studioUrl);
  const posted = page.waitForResponse((response) => response.request().method() === "POST");
  await page.locator("#go:enabled").click();
  await waitForStatus(page, "You are on the air.");
  const session = new URL((await (await posted).headerValue("location")) ?? "", stage.url).href;
  const cut = await fetch(session, {
    method: "DELETE",
    headers: { Authorization: `Bearer ${show.studioUrl.split("#key=")[1]}` },
  });
  expect(cut.status).toBe(200);
  await waitForStatus(page, "Trying again by itself");
  await waitForStatus(page, "You are on the air.");
  await waitForStatus(page, /Listeners hear you/);
  expect(faults).toEqual([]);
  await page.context().close();
});

test.concurrent("a host comes back on the air by itself although its own old session still holds its seat", async () => {
  const show = await stage.create("low", { maxHosts: 1 });
  const { page, faults } = await openPage(browser, show.studioUrl);
  const answers: number[] = [];
  page.on("response", (response) => {
    if (response.request().method() === "POST" && response.url().includes("/whip/"))
      answers.push(response.status());
  });
  await page.locator("#go:enabled").click();
  await waitForStatus(page, /Listeners hear you/);
  // The old session goes on sending for 4 s, and the relay is not told that it is over: the relay has to find that it
  // is quiet.
  await page.evaluate(`{
    const { close } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.close = function () {
      setTimeout(() => close.call(this), 4_000);
    };
  }`);
  await page.route("**/whip/*/*", (route) => {
    if (route.request().method() === "GET")
      return route.fulfill({ status: 404, json: { error: { code: "no_session", message: "" } } });
    return route.abort();
  });
  await waitForStatus(page, "Every place is taken: another host has to leave first. Trying again by itself");
  await page.unroute("**/whip/*/*");
  await waitForStatus(page, "You are on the air.", 40_000);
  await waitForStatus(page, /Listeners hear you/);
  expect(answers[0]).toBe(201);
  expect(answers[1]).toBe(409);
  expect(answers.at(-1)).toBe(201);
  expect(faults).toEqual([]);
  await page.context().close();
});

test.concurrent("a studio does not pile up requests for a relay that hangs", async () => {
  const show = await stage.create("low");
  const { page } = await host(show);
  let [waiting, most] = [0, 0];
  await page.route("**/whip/*/*", (route) => {
    if (route.request().method() === "GET") most = Math.max(most, ++waiting);
    else void route.continue();
  });
  page.on("requestfailed", (request) => {
    if (request.method() === "GET" && request.url().includes("/whip/")) waiting--;
  });
  await page.waitForTimeout(16_000);
  expect(most).toBe(1);
  expect(await page.locator("#message").textContent()).toBe("You are on the air.");
  await page.context().close();
});

test.concurrent("a host is told when the producer mutes it, and sees its new name when the producer renames it", async () => {
  const show = await stage.create("low");
  const [ada, ben] = [
    await stage.makeHost(show, { name: "Ada" }),
    await stage.makeHost(show, { name: "Ben" }),
  ];
  const { page } = await host({ ...show, studioUrl: ada.studioUrl });
  const other = await host({ ...show, studioUrl: ben.studioUrl });
  const figures = page.locator("#figures", { hasText: /^The show is at -\d+ dB/ });
  await figures.waitFor();
  await stage.changeHost(show, ada.hostId, { muted: true });
  await waitForStatus(page, "Listeners do not hear you: your producer has muted you.");
  // With another session beside its own, a page can not tell whose sound the show's level is.
  await waitForStatus(other.page, "The relay is receiving you.");
  await stage.changeHost(show, ada.hostId, { muted: false, name: "Countess" });
  await page.locator("#who", { hasText: /^You are Countess\.$/ }).waitFor();
  await figures.waitFor();
  for (const each of [page, other.page]) await each.context().close();
}, 120_000);

test.concurrent("a wrong key, a missing key and a missing show are reported in plain words", async () => {
  const show = await stage.create("low");
  const wrongKey = await openPage(browser, show.studioUrl.replace(/#.*/, "#key=not-the-key"));
  await wrongKey.page.locator("#go:enabled").click();
  await waitForStatus(wrongKey.page, "The host key in this link is wrong.");
  // The page says so before the press, too. The press shows that the relay's refusal ends the attempt.
  await wrongKey.page.locator("#go", { hasText: "Go live" }).waitFor();

  const noKey = await openPage(browser, show.studioUrl.replace(/#.*/, ""));
  await waitForStatus(noKey.page, "This link has no host key.");
  expect(await noKey.page.locator("#go").isDisabled()).toBe(true);

  const nothing = await openPage(browser, `${stage.url}/listen/no-such-show`);
  await waitForStatus(nothing.page, "There is no show at this address.");
  for (const { page } of [wrongKey, noKey, nothing]) await page.context().close();
});

test.concurrent("the studio says when it is muted, and shows its level", async () => {
  const show = await stage.create("low");
  const { page } = await host(show);
  await waitForStatus(page, WORKING);
  await page.locator("#mute").click();
  await waitForStatus(page, "Muted: nobody can hear you.");
  await waitForStatus(page, "You are on the air, but muted");
  await waitForStatus(page, "Listeners do not hear you: you have muted yourself.");
  await page.locator("#mute").click();
  await waitForStatus(page, "You are on the air.");
  await page.context().close();
});

test.concurrent("no page scrolls sideways at 320 px or shifts its layout, and the host key is sent in the Authorization of the WHIP endpoint alone", async () => {
  const show = await stage.create("low", {
    title: "A title long enough to wrap on every telephone there is",
  });
  const key = show.studioUrl.split("#key=")[1] ?? "";
  for (const url of [
    show.listenUrl,
    show.studioUrl,
    show.listenUrl.replace("/listen/", "/embed/"),
    stage.url,
  ]) {
    const { page, faults } = await openPage(browser, "about:blank");
    const asked: string[] = [];
    page.on("request", (request) => {
      const { authorization, ...headers } = request.headers();
      const isWhip = request.url().startsWith(show.whipUrl);
      asked.push(request.url() + JSON.stringify(isWhip ? headers : { ...headers, authorization }));
    });
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto(url);
    await page.waitForTimeout(500);
    expect(await page.evaluate("document.documentElement.scrollWidth"), url).toBe(320);
    // Without an icon, Chromium asks for /favicon.ico, which does not exist.
    expect(await page.evaluate("document.querySelector('link[rel=icon]')?.getAttribute('href')"), url).toBe(
      "/icon.svg",
    );
    expect(await page.evaluate(SHIFT), `layout shift of ${url}`).toBeLessThan(0.05);
    expect(asked.filter((request) => request.includes(key)).map((text) => text.slice(0, 200))).toEqual([]);
    expect(faults).toEqual([]);
    await page.context().close();
  }
});

test.concurrent("the studio can not be framed, but the embed can", async () => {
  const show = await stage.create("low");
  const header = async (url: string) => (await fetch(url)).headers.get("content-security-policy") ?? "";
  expect(await header(show.studioUrl)).toContain("frame-ancestors 'none'");
  expect(await header(show.listenUrl.replace("/listen/", "/embed/"))).toContain("frame-ancestors *");
  for (const url of [show.studioUrl, show.listenUrl]) {
    const policy = await header(url);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
  }
});
