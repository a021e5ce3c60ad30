import { beforeEach, describe, expect, test, vi } from "vitest";
import { mintId } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";
import type { Figure } from "../../src/audience/figure.ts";
import { Growth } from "../../src/audience/growth.ts";
import { type Report, Shard } from "../../src/audience/shard.ts";
import { addressOf } from "../../src/edge/address.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";
import { answerListener } from "../../src/edge/listener-requests.ts";

// What the listeners' door does besides answering: it passes work to `waitUntil`, and deliveries and sightings to the Audience.

const EPOCH = "k0000000";
const EARSHOT_SECRET = "0123456789abcdef0123456789abcdef";
const PART_MS = 640;
const BODY = new Uint8Array(1_000);
const KEPT = { "content-type": "audio/mp4", "cache-control": "public, max-age=3600, immutable" };

/**
 * An origin whose shows have segments 0 to `lastMsn`, by default 9, and two parts of the next. It answers media once `until` has
 * resolved.
 */
function origin(until: Promise<unknown> = Promise.resolve(), lastMsn: () => number = () => 9) {
  return {
    async fetch(url: string): Promise<Response> {
      if (!url.endsWith(".m3u8")) {
        await until;
        return new Response(BODY, { headers: KEPT });
      }
      const headers = {
        "content-type": "application/vnd.apple.mpegurl",
        "cache-control": "public, max-age=1",
      };
      const liveEdge = `${EPOCH};live;0;${lastMsn()};2;3;${PART_MS};parts;${Date.now()}`;
      return new Response("#EXTM3U\n", { headers: { ...headers, "earshot-live-edge": liveEdge } });
    },
  };
}

/** Audience objects that record their reports. */
function audience() {
  const reports: Report[] = [];
  const report = async (told: Report) => {
    reports.push(told);
    return { boot: "b", afterMs: 10_000 };
  };
  return { reports, binding: { idFromName: (name: string) => name, get: () => ({ report }) } };
}

let shows = 0;
beforeEach(() => void vi.useRealTimers());

async function world(until?: Promise<unknown>, vars: Partial<EdgeEnv> = {}, lastMsn?: () => number) {
  const id = await mintId(new Secret(EARSHOT_SECRET), `show-${++shows}`);
  const { reports, binding } = audience();
  const env = {
    EARSHOT_SECRET,
    ORIGIN: origin(until, lastMsn),
    AUDIENCE: binding,
    ...vars,
  } as unknown as EdgeEnv;
  const kept: Promise<unknown>[] = [];
  const context = {
    waitUntil: (work: Promise<unknown>) => void kept.push(work),
  } as unknown as ExecutionContext;
  const get = (name: string, headers: Record<string, string> = {}) => {
    const url = `https://earshot.test/live/${id}/${name}`;
    return answerListener(addressOf(url), new Request(url, { headers }), env, context);
  };
  /** The milliseconds of media in all reports to the Audience, once everything has been reported. */
  const delivered = async () => {
    await Promise.all(kept);
    vi.useFakeTimers({ now: Date.now() + 12_000, toFake: ["Date"] });
    await get(`${EPOCH}/audio.m3u8`);
    await Promise.all(kept);
    // A slot that is reported again is reported with its new total.
    const totals = new Map<number, number>();
    for (const { slot, deliveredMs } of reports.flatMap(({ entries }) => entries))
      totals.set(slot, deliveredMs);
    return [...totals.values()].reduce((sum, millis) => sum + millis, 0);
  };
  return { id, get, kept, reports, delivered };
}

describe("the listeners' door", () => {
  test("passes the leader's fetch to waitUntil, so that it goes on after its client has left", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { get, kept } = await world(promise);
    const answer = get(`${EPOCH}/s3.m4s`);
    await vi.waitFor(() => expect(kept.length).toBe(2));
    let isDone = false;
    const fetched = Promise.all(kept).then(() => {
      isDone = true;
    });
    await new Promise((tick) => setTimeout(tick, 20));
    expect(isDone).toBe(false);
    resolve();
    await fetched;
    expect((await answer).status).toBe(200);
  });

  test("answers only for media when side calls are switched off, and asks no object for the others", async () => {
    const never = new Promise<never>(() => {});
    const { get } = await world(never, { SIDE_CALLS: "off" });
    for (const name of [
      "status.json",
      "status.json?wait=open",
      "audience.json",
      "audience.json?series=1",
      "events.json",
      "chapters.vtt",
      "chapters.json",
      "recording.m4a",
    ]) {
      const response = await get(name);
      expect([response.status, response.headers.get("retry-after")], name).toEqual([503, "60"]);
      expect(await response.json()).toMatchObject({ error: { code: "switched_off" } });
    }
    expect((await get(`${EPOCH}/audio.m3u8`)).status).toBe(200);
  });

  test("counts media by the share that is sent", async () => {
    const cases: readonly [string, Record<string, string>, number, number][] = [
      [`${EPOCH}/p9.0.m4s`, {}, 200, PART_MS],
      [`${EPOCH}/s3.m4s`, {}, 200, 3 * PART_MS],
      [`${EPOCH}/p9.0.m4s`, { range: "bytes=0-249" }, 206, PART_MS / 4],
      [`${EPOCH}/p9.0.m4s`, { range: "bytes=0-0" }, 206, PART_MS / 1_000],
      [`${EPOCH}/p9.0.m4s`, { range: "bytes=5000-" }, 416, 0],
      [`${EPOCH}/p9.0.m4s`, { "if-none-match": "*" }, 304, 0],
      [`${EPOCH}/p9.7.m4s`, {}, 404, 0],
    ];
    for (const [name, headers, status, millis] of cases) {
      vi.useRealTimers();
      const { get, delivered } = await world();
      expect((await get(name, headers)).status, name).toBe(status);
      expect(await delivered(), `${name} ${JSON.stringify(headers)}`).toBeCloseTo(millis, 6);
    }
  });

  test.each(["audio.m3u8", "rewind.m3u8", "rewind-open.m3u8"])(
    "counts the listener who plays %s of a running show",
    async (name) => {
      const { get, kept, reports } = await world();
      await get(`${EPOCH}/${name}?l=abc`);
      await Promise.all(kept);
      vi.useFakeTimers({ now: Date.now() + 12_000, toFake: ["Date"] });
      await get(`${EPOCH}/init.mp4`);
      expect(reports).toEqual([]);
      await get(`${EPOCH}/${name}?l=abc`);
      await Promise.all(kept);
      expect(reports.flatMap(({ entries: reports }) => reports).length).toBeGreaterThan(0);
    },
  );
});

const SEGMENT_MS = 3 * PART_MS;

let longShows = 0;

/** A show that has run for 10 minutes, and goes on by the fake clock. */
async function longShow() {
  // Later than the clocks of the tests before: counting takes a time before the last one as the last one.
  longShows += 1;
  const begun = Date.now() + 600_000 * longShows;
  vi.useFakeTimers({ now: begun, toFake: ["Date"] });
  const lastMsn = () => 312 + Math.floor((Date.now() - begun) / SEGMENT_MS);
  const { id, ...show } = await world(undefined, {}, lastMsn);
  /** Asks for the list `name` or for a segment, as the player with this address and id. */
  const ask = async (name: string, player: number) => {
    const query = name.endsWith(".m3u8") ? `?l=player${player}` : "";
    const { status } = await show.get(`${EPOCH}/${name}${query}`, { "cf-connecting-ip": `10.0.${player}.1` });
    expect(status, name).toBe(200);
  };
  const next = () => vi.setSystemTime(Date.now() + SEGMENT_MS);
  return { id, ...show, lastMsn, ask, next };
}

/** The figure of an audience that was told all these reports as they came. */
function figureOf(
  id: string,
  reports: readonly (Report & { readonly atMs: number })[],
  fromMs: number,
): Figure {
  const shard = new Shard("b", fromMs, null, new Growth(1, fromMs));
  for (const { atMs, ...report } of reports) shard.take(report, atMs);
  return shard.figures(id, Date.now()).now;
}

describe("listeners who have rewound", () => {
  test("count beside those who play live, and leave the figure's confidence high", async () => {
    const { id, ask, next, kept, reports, lastMsn } = await longShow();
    const fromMs = Date.now();
    const told: (Report & { readonly atMs: number })[] = [];
    for (let step = 0; step < 60; step += 1) {
      for (let player = 0; player < 10; player += 1) {
        const isLive = player >= 4;
        await ask(isLive ? "audio.m3u8" : "rewind.m3u8", player);
        // A minute behind: 32 segments.
        await ask(`s${lastMsn() - (isLive ? 1 : 32)}.m4s`, player);
      }
      await Promise.all(kept.splice(0));
      for (const report of reports.splice(0)) told.push({ ...report, atMs: Date.now() });
      next();
    }
    const { why = "", ...figure } = figureOf(id, told, fromMs);
    expect(why).toBe("");
    expect(figure).toMatchObject({ confidence: "high", listeners: 10 });
    expect(figure.delivered).toBeGreaterThan(9.5);
    expect(figure.delivered).toBeLessThan(10.5);
  });

  test("count in full although their fetches are not evenly spaced", async () => {
    const { ask, next, delivered, lastMsn } = await longShow();
    await ask("rewind.m3u8", 1);
    for (let step = 0; step < 30; step += 1) {
      next();
      // None, then two at once.
      for (const back of step % 2 === 0 ? [] : [33, 32]) await ask(`s${lastMsn() - back}.m4s`, 1);
    }
    expect(await delivered()).toBeCloseTo(30 * SEGMENT_MS, 6);
  });

  test("who download the past at once count as one who joins", async () => {
    const { ask, delivered } = await longShow();
    await ask("rewind.m3u8", 1);
    for (let msn = 0; msn < 250; msn += 1) await ask(`s${msn}.m4s`, 1);
    expect(await delivered()).toBeCloseTo(3 * SEGMENT_MS, 6);
  });

  test("get no more counted for fetching live media as well", async () => {
    const { ask, next, delivered, lastMsn } = await longShow();
    await ask("rewind.m3u8", 1);
    for (let step = 0; step < 30; step += 1) {
      next();
      await ask(`s${lastMsn()}.m4s`, 1);
      for (let back = 32; back < 42; back += 1) await ask(`s${lastMsn() - back}.m4s`, 1);
    }
    // Besides one segment at a time, the two before the first.
    expect(await delivered()).toBeCloseTo(32 * SEGMENT_MS, 6);
  });
});
