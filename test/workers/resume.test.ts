import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Publication, publish } from "../../local/host/publisher.ts";
import { generateSecrets, startRelay } from "../../local/relay.ts";
import { startSfu } from "../../local/sfu/server.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT, SFU_SECRET } from "../kit/deployed.ts";
import type { Listed } from "../kit/list.ts";
import { decodeTimes, Listener, payloadSize } from "../kit/listener.ts";
import { until } from "../kit/polling.ts";
import { Runtime } from "../kit/runtime.ts";

/** Shows survive the end of the runtime, and of their object. */

const AU = 1024;
/** Units of a part and of a segment of the profile `low`, in access units. */
const [PART, SEGMENT] = [18, 90];

const square = (frames: number) =>
  Int16Array.from({ length: 2 * frames }, (_, n) => (n % 192 < 96 ? 9_000 : -9_000));

/**
 * Fetches every listed segment from `first` on, and checks that each chunk in it has its place on the grid of parts.
 */
async function expectNoGap(listener: Listener, { segments }: Listed, first = 0): Promise<void> {
  for (const { name, msn } of segments.filter((segment) => segment.msn >= first)) {
    const times = decodeTimes(await listener.bytes(name));
    expect(times, name).toEqual([0, 1, 2, 3, 4].map((index) => (msn * SEGMENT + index * PART) * AU));
  }
}

/** Waits until the timeline has caught up with the wall clock, at most 15 s. */
function caughtUp(listener: Listener): Promise<Listed> {
  const whole = async () => {
    const list = await listener.list();
    const last = list.segments.at(-1);
    return list.readAt - (last?.date ?? 0) - 1_920 < 2_500 && list;
  };
  return until(whole, { within: 15_000, every: 200 });
}

/** Checks that every segment's date is the end of the one before. */
function expectOneClock({ segments }: Listed): void {
  for (const [n, { date, duration }] of segments.slice(0, -1).entries()) {
    expect(segments[n + 1]?.date).toBe(date + 1000 * duration);
  }
}

describe("a runtime that ends three times in the middle of shows", () => {
  let relay: Runtime;
  let sfu: { url: string; close(): Promise<void> };

  /** A show, with its playlist and open parts before the runtime ended. */
  interface Interrupted {
    readonly show: CreatedBroadcast;
    readonly listener: Listener;
    readonly before: Listed;
    readonly open: readonly Uint8Array[];
  }
  let talking: Interrupted;
  let left: Interrupted;
  let quiet: Interrupted;
  let ended: Interrupted;
  let host: Publication;

  const isHeard = async ({ id }: CreatedBroadcast) => (await relay.describe(id)).hosts[0]?.heard;
  const goLive = async (show: CreatedBroadcast) => {
    const publication = await publish({ url: show.whipUrl, key: show.hostKey, source: square });
    await until(() => isHeard(show), { within: 30_000, failure: () => "the host is not heard" });
    return publication;
  };
  const look = async (show: CreatedBroadcast): Promise<Interrupted> => {
    const listener = await Listener.join(show.playbackUrl);
    // Three segments before the show's opening, and three after it.
    const before = await listener.until(6, 2);
    const names = before.parts.filter(({ msn }) => msn === 6).map(({ name }) => name);
    return { show, listener, before, open: await Promise.all(names.map((name) => listener.bytes(name))) };
  };

  beforeAll(async () => {
    sfu = await startSfu({ port: 0, appId: "local", appSecret: SFU_SECRET });
    relay = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }], { opensStorage: true });
    const shows = await Promise.all([1, 2, 3, 4].map(() => relay.open({ latency: "low" })));
    const [first, second] = shows as [CreatedBroadcast, CreatedBroadcast];
    const [stays, leaves] = await Promise.all([goLive(first), goLive(second)]);
    host = stays;
    [talking, left, quiet, ended] = (await Promise.all(shows.map(look))) as [
      Interrupted,
      Interrupted,
      Interrupted,
      Interrupted,
    ];
    await leaves.close();
    await relay.api("POST", `/broadcasts/${ended.show.id}/end`);
    for (let n = 0; n < 3; n++) {
      await relay.restart();
      await sleep(1_000);
    }
  }, 90_000);
  afterAll(async () => {
    await host.close();
    await relay.close();
    await sfu.close();
  });

  test("resumes a show where it was: same playlist, same dates, the open segment with its parts", async () => {
    const { listener, before, open, show } = quiet;
    const after = await caughtUp(listener);
    expect(after.firstMsn).toBe(0);
    expect(after.text).not.toContain("#EXT-X-DISCONTINUITY\n");
    for (const { name, date } of before.segments) {
      expect(after.segments.find((segment) => segment.name === name)?.date).toBe(date);
    }
    const kept = Buffer.concat(open);
    expect(kept.length).toBeGreaterThan(0);
    expect(
      Buffer.from(await listener.bytes("s6.m4s"))
        .subarray(0, kept.length)
        .equals(kept),
    ).toBe(true);
    expectOneClock(after);
    await expectNoGap(listener, after);
    expect((await Listener.join(show.playbackUrl)).epoch).toBe(listener.epoch);
  });

  test("has the SFU bring the sound back", async () => {
    await expect.poll(() => isHeard(talking.show), { timeout: 20_000 }).toBe(true);
    const list = await caughtUp(talking.listener);
    expectOneClock(list);
    await expectNoGap(talking.listener, list);
    const size = async (name: string) => payloadSize(await talking.listener.bytes(name));
    const next = list.firstMsn + list.segments.length + 1;
    await talking.listener.until(next + 1, 0);
    expect(await size(`s${next}.m4s`)).toBeGreaterThan(2_000);
  });

  test("fills the time of its absence with silence", async () => {
    const { listener } = left;
    const list = await caughtUp(listener);
    expectOneClock(list);
    await expectNoGap(listener, list);
    expect(payloadSize(await listener.bytes("s5.m4s"))).toBeGreaterThan(2_000);
    expect(payloadSize(await listener.bytes("s8.m4s"))).toBeLessThan(600);
  });

  test("leaves an ended show ended", async () => {
    expect((await relay.describe(ended.show.id)).state).toBe("ended");
    const list = await ended.listener.list("_HLS_msn=99");
    expect(list.ended).toBe(true);
    for (const { name, date } of ended.before.segments) {
      expect(list.segments.find((segment) => segment.name === name)?.date).toBe(date);
    }
    expect((await ended.listener.media("s0.m4s")).status).toBe(200);
  });
});

describe("an object that fails in the middle of a show", () => {
  let relay: Runtime;
  beforeAll(async () => {
    relay = await Runtime.start([EARSHOT], { opensStorage: true });
  });
  afterAll(() => relay.close());

  test("is resumed, and its readers do not even notice", {
    timeout: 60_000,
  }, async () => {
    const show = await relay.open({ latency: "low" });
    const listener = await Listener.join(show.playbackUrl);
    const { segments } = await listener.list();
    const next = segments.length;
    // A real fault: for a second the object's storage accepts no part, so every attempt to list one throws.
    await relay.sql(
      show.id,
      `CREATE TABLE fault AS SELECT unixepoch('now', 'subsec') + 1 AS until;
       CREATE TRIGGER fault_of_parts BEFORE INSERT ON part WHEN unixepoch('now', 'subsec') < (SELECT until FROM fault)
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
    await expect.poll(() => relay.log()).toContain("failed and is resumed");
    const list = await caughtUp(listener);
    await expectNoGap(listener, list);
    expectOneClock(list);
  });
});

describe("a runtime that is stopped and started again on the same storage", () => {
  const persist = mkdtempSync(join(tmpdir(), "earshot-resume-"));
  afterAll(() => rmSync(persist, { recursive: true, force: true }));

  test("resumes the show under the same URL, with silence for the time between", {
    timeout: 120_000,
  }, async () => {
    const secrets = generateSecrets();
    const first = await startRelay({ persist, secrets });
    const call = (url: string, method: string, path: string, body?: object) =>
      fetch(`${url}/api/broadcasts${path}`, {
        method,
        headers: { authorization: `Bearer ${secrets.adminToken}` },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    const show = (await (await call(first.url, "POST", "", { latency: "low" })).json()) as CreatedBroadcast;
    await call(first.url, "POST", `/${show.id}/open`);
    const before = await Listener.join(show.playbackUrl);
    const { segments } = await before.until(3, 2);
    await first.stop();

    const second = await startRelay({ persist, secrets });
    try {
      const listener = await Listener.join(show.playbackUrl.replace(first.url, second.url));
      expect(listener.epoch).toBe(before.epoch);
      // Only its reader's request has woken the show.
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
