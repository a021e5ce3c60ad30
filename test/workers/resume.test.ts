import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publish } from "../../sfu/publisher.ts";
import { mintSecrets, startRelay } from "../../sfu/relay.ts";
import { startSfu } from "../../sfu/server.ts";
import { decodeTimes, type Listed, Listener, payloadSize } from "./listener.ts";
import { type Created, Relay, SFU_SECRET } from "./relay.ts";

const AU = 1024;
/** Of the profile `low`, in access units. */
const [PART, SEGMENT] = [18, 90];

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
const square = (frames: number) =>
  Int16Array.from({ length: 2 * frames }, (_, n) => (n % 192 < 96 ? 9_000 : -9_000));

/** Fetches every listed segment from `first` on: each chunk in it decodes from where the grid of parts has it. */
async function expectNoGap(listener: Listener, { segments }: Listed, first = 0): Promise<void> {
  for (const { name, msn } of segments.filter((segment) => segment.msn >= first)) {
    const times = decodeTimes(await listener.bytes(name));
    expect(times, name).toEqual([0, 1, 2, 3, 4].map((index) => (msn * SEGMENT + index * PART) * AU));
  }
}

/** Waits until the timeline has caught up with the wall clock, which it has to within 15 s. */
async function caughtUp(listener: Listener): Promise<Listed> {
  for (const deadline = Date.now() + 15_000; ; await sleep(200)) {
    const list = await listener.list();
    const last = list.segments.at(-1);
    if (list.readAt - (last?.date ?? 0) - 1_920 < 2_500) return list;
    expect(Date.now()).toBeLessThan(deadline);
  }
}

/** Every segment's date is where the one before it ended. */
function expectOneClock({ segments }: Listed): void {
  for (const [n, { date, duration }] of segments.slice(0, -1).entries()) {
    expect(segments[n + 1]?.date).toBe(date + 1000 * duration);
  }
}

describe("a runtime that ends in the middle of a show", () => {
  let relay: Relay;
  let sfu: { url: string; close(): Promise<void> };
  beforeAll(async () => {
    sfu = await startSfu({ port: 0, appId: "local", appSecret: SFU_SECRET });
    relay = await Relay.start(sfu.url);
  });
  afterAll(async () => {
    await relay.close();
    await sfu.close();
  });

  const isHeard = async ({ id }: Created) => (await relay.describe(id)).hosts[0]?.heard;

  test("resumes it where it was, and the SFU brings the sound back", { timeout: 60_000 }, async () => {
    const show = await relay.create({ latency: "low" });
    const host = await publish({ url: show.whipUrl, key: show.hostKey, source: square });
    const listener = await Listener.join(show.playbackUrl);
    await expect.poll(() => isHeard(show), { timeout: 10_000 }).toBe(true);
    const before = await listener.until(3, 2);
    const open = before.parts.filter(({ msn }) => msn === 3);
    const stored = await Promise.all(open.map(({ name }) => listener.bytes(name)));

    await relay.restart();
    const held = await Promise.all([listener.until(4, 4), isHeard(show)]);
    const after = held[0];
    expect(after.firstMsn).toBe(0);
    expect(after.text).not.toContain("DISCONTINUITY\n");
    for (const { name, date } of before.segments) {
      expect(after.segments.find((segment) => segment.name === name)?.date).toBe(date);
    }
    // The open segment keeps the parts that were listed.
    const third = Buffer.from(await listener.bytes("s3.m4s"));
    const kept = Buffer.concat(stored);
    expect(third.subarray(0, kept.length).equals(kept)).toBe(true);

    await expect.poll(() => isHeard(show), { timeout: 15_000 }).toBe(true);
    const later = await caughtUp(listener);
    await expectNoGap(listener, later);
    expectOneClock(later);
    expect(
      new Set((await Promise.all([1, 2].map(() => Listener.join(show.playbackUrl)))).map((l) => l.epoch)),
    ).toEqual(new Set([listener.epoch]));
    await host.close();
  });

  test("fills the time that it was away with silence", { timeout: 60_000 }, async () => {
    const show = await relay.create({ latency: "low" });
    const host = await publish({ url: show.whipUrl, key: show.hostKey, source: square });
    const listener = await Listener.join(show.playbackUrl);
    await expect.poll(() => isHeard(show), { timeout: 10_000 }).toBe(true);
    await listener.until(3, 0);
    await host.close();
    await relay.restart();
    await sleep(4_500);
    await listener.until(6, 0);
    const list = await caughtUp(listener);
    await expectNoGap(listener, list);
    expectOneClock(list);
    const sizes = [];
    for (const { name } of list.segments) sizes.push(payloadSize(await listener.bytes(name)));
    expect(Math.max(...sizes)).toBeGreaterThan(2_000);
    expect(payloadSize(await listener.bytes("s5.m4s"))).toBeLessThan(600);
  });

  test("three times over, and nothing shows in the list", { timeout: 60_000 }, async () => {
    const show = await relay.open({ latency: "low" });
    const listener = await Listener.join(show.playbackUrl);
    await listener.list();
    for (let n = 0; n < 3; n++) {
      await relay.restart();
      await sleep(700);
    }
    const list = await caughtUp(listener);
    expect(list.firstMsn).toBe(0);
    await expectNoGap(listener, list);
    expectOneClock(list);
  });

  test("is not even noticed by its readers when it is the object alone that fails", {
    timeout: 60_000,
  }, async () => {
    const show = await relay.open({ latency: "low" });
    const listener = await Listener.join(show.playbackUrl);
    const { segments } = await listener.list();
    const next = segments.length;
    // A real fault: for a second the object's storage takes no part, so every attempt to list one throws.
    const until = Math.ceil(Date.now() / 1000) + 1;
    await relay.sql(
      show.id,
      `CREATE TRIGGER fault BEFORE INSERT ON part WHEN unixepoch('now') < ${until}
       BEGIN SELECT RAISE(ABORT, 'fault'); END`,
    );
    const asked = [
      listener.get(`_HLS_msn=${next}&_HLS_part=1`),
      listener.get(`_HLS_msn=${next}&_HLS_part=2`),
      fetch(show.playbackUrl),
      fetch(show.statusUrl),
    ];
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(relay.log()).toContain("failed and is resumed");
    const list = await caughtUp(listener);
    await expectNoGap(listener, list);
    expectOneClock(list);
  });

  test("stays ended when it has ended", async () => {
    const show = await relay.open({ latency: "low" });
    const listener = await Listener.join(show.playbackUrl);
    await listener.until(3, 2);
    await relay.api("POST", `/broadcasts/${show.id}/end`);
    await expect.poll(async () => (await listener.list()).ended, { timeout: 3_000 }).toBe(true);
    const { text } = await listener.list();
    await relay.restart();
    expect((await relay.describe(show.id)).state).toBe("ended");
    await sleep(1_200);
    expect((await listener.list("_HLS_msn=99")).text).toBe(text);
    expect((await listener.media("s0.m4s")).status).toBe(200);
  });
});

describe("a runtime that is stopped and started again on the same storage", () => {
  const persist = mkdtempSync(join(tmpdir(), "earshot-resume-"));
  afterAll(() => rmSync(persist, { recursive: true, force: true }));

  test("resumes the show under the same URL, its time away in silence", { timeout: 120_000 }, async () => {
    const secrets = mintSecrets();
    const first = await startRelay({ persist, secrets });
    const call = (url: string, method: string, path: string, body?: object) =>
      fetch(`${url}/api/broadcasts${path}`, {
        method,
        headers: { authorization: `Bearer ${secrets.adminToken}` },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    const show = (await (await call(first.url, "POST", "", { latency: "low" })).json()) as Created;
    await call(first.url, "POST", `/${show.id}/open`);
    const before = await Listener.join(show.playbackUrl);
    const { segments } = await before.until(3, 2);
    await first.stop();

    const second = await startRelay({ persist, secrets });
    try {
      const listener = await Listener.join(show.playbackUrl.replace(first.url, second.url));
      expect(listener.epoch).toBe(before.epoch);
      // Nobody but its readers has woken it.
      let list = await listener.list();
      expect(list.firstMsn).toBe(0);
      for (const { name, date } of segments) {
        expect(list.segments.find((segment) => segment.name === name)?.date).toBe(date);
      }
      list = await caughtUp(listener);
      expectOneClock(list);
      await expectNoGap(listener, list);
    } finally {
      await second.stop();
    }
  });
});
