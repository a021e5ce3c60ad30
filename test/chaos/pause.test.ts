import { afterAll, beforeAll, expect, test } from "vitest";
import { publish } from "../../local/host/publisher.ts";
import { startSfu } from "../../local/sfu/server.ts";
import type { Described } from "../kit/created.ts";
import { EARSHOT, SFU_SECRET } from "../kit/deployed.ts";
import type { Listed } from "../kit/list.ts";
import { Listener, payloadSize } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";

/**
 * The runtime's process is stopped for a while, as when a laptop's lid is shut; the host and the listener go on.
 * Afterwards the playlist catches up within a second, on the same timeline, and the host is heard at once.
 */

const PAUSE_MS = 25_000;
const PART_MS = 384;
const SEGMENT_MS = 1_920;
/** The time from the sound to its listing, beyond the part itself, ms: the playout delay and the encoder's delay. */
const LISTING_MS = 90;
/** The threshold between a part of silence (18 access units of a few bytes) and a part of sound (6 KB), bytes. */
const SOUNDING_BYTES = 3_000;

let runtime: Runtime;
let sfu: { url: string; close(): Promise<void> };
beforeAll(async () => {
  sfu = await startSfu({ port: 0, appId: "local", appSecret: SFU_SECRET, log: () => {} });
  runtime = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }]);
});
afterAll(async () => {
  await runtime.close();
  await sfu.close();
});

const square = (frames: number) =>
  Int16Array.from({ length: 2 * frames }, (_, n) => (n % 192 < 96 ? 9_000 : -9_000));

/** Returns the date at which the list's last part ends, ms since 1970. */
function endOf({ parts }: Listed): number {
  const last = parts.at(-1);
  if (last === undefined) throw new Error("a live list has parts");
  return last.date + 1000 * last.duration;
}

/**
 * Asks once more when a connection breaks, as browsers do by themselves for a GET (RFC 9110 section 9.2.2). The runtime
 * closes connections that were idle for seconds; after the pause that is every connection that was idle before it.
 */
async function ask<T>(get: () => Promise<T>): Promise<T> {
  try {
    return await get();
  } catch (error) {
    if ((error as { cause?: { code?: string } }).cause?.code !== "ECONNRESET") throw error;
    return get();
  }
}

/** Returns the playlist that has the part after the last one of `list`. */
function next(listener: Listener, { parts }: Listed): Promise<Listed> {
  const last = parts.at(-1);
  return ask(() => listener.list(`_HLS_msn=${last?.msn}&_HLS_part=${(last?.index ?? 0) + 1}`));
}

test("after a pause of 25 s the playlist is current within a second and the host is heard at once", async () => {
  const show = await runtime.open({ latency: "low" });
  const host = await publish({ url: show.whipUrl, key: show.hostKey, source: square });
  const heard = async () =>
    ((await (await runtime.api("GET", `/broadcasts/${show.id}`)).json()) as Described).hosts[0]?.heard;
  await expect.poll(heard, { timeout: 15_000 }).toBe(true);
  const listener = await Listener.join(show.playbackUrl);
  const before = await listener.list();
  // A request held during the pause is not checked: the edge gives it up, and so have players by then.
  await runtime.halt(PAUSE_MS);
  const from = Date.now();
  let list = await next(listener, before);
  expect(list.firstMsn).toBeGreaterThanOrEqual(before.firstMsn);
  while (Date.now() - endOf(list) > LISTING_MS + PART_MS + 60) list = await next(listener, list);
  const took = Date.now() - from;

  expect((await ask(() => Listener.join(show.playbackUrl))).epoch).toBe(listener.epoch);
  expect(list.text).not.toContain("#EXT-X-DISCONTINUITY\n");
  const [then, now] = [before.segments.at(-1), list.segments.at(-1)];
  const moved = (now?.msn ?? 0) - (then?.msn ?? 0);
  expect(moved).toBeGreaterThan(PAUSE_MS / SEGMENT_MS - 1);
  expect((now?.date ?? 0) - (then?.date ?? 0)).toBeCloseTo(moved * SEGMENT_MS, 3);
  for (const [n, { date, duration }] of list.segments.slice(0, -1).entries())
    expect(list.segments[n + 1]?.date).toBeCloseTo(date + 1000 * duration, 3);

  // Look for the first part with sound after the pause.
  while (endOf(list) < from + 2_000) list = await next(listener, list);
  const sizes = await Promise.all(
    list.parts
      .filter(({ date, duration }) => date + 1000 * duration > from)
      .map(async ({ name, date }) => ({
        after: date - from,
        bytes: payloadSize(await ask(() => listener.bytes(name))),
      })),
  );
  const first = sizes.find(({ bytes }) => bytes > SOUNDING_BYTES);
  console.log(
    `${PAUSE_MS / 1000} s of pause: the list was the present one after ${took} ms; parts since, ms after it and bytes: ` +
      sizes.map(({ after, bytes }) => `${after.toFixed(0)} ${bytes}`).join(", "),
  );
  expect(took).toBeLessThan(1_000);
  expect(first?.after ?? Number.POSITIVE_INFINITY).toBeLessThan(500);
  await expect.poll(heard, { timeout: 1_000 }).toBe(true);
  await host.close();
});
