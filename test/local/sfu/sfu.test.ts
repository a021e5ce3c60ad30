import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, test } from "vitest";
import { publish } from "../../../local/host/publisher.ts";
import { startSfu } from "../../../local/sfu/server.ts";
import { Ear, type Heard } from "../../kit/ear.ts";
import { SfuCaller, startFront } from "../../kit/front.ts";
import { followTone, LEFT_HZ, RIGHT_HZ, toneSource } from "../../kit/tone.ts";

/** From a real WebRTC publisher through the stand-in to a WebSocket: nothing is lost, doubled or out of place. */

const SECRET = "integration-secret";
let server: Awaited<ReturnType<typeof startSfu>>;
let sfu: SfuCaller;

beforeAll(async () => {
  server = await startSfu({ port: 0, appId: "app", appSecret: SECRET });
  sfu = new SfuCaller(server.url, "app", SECRET);
});
afterAll(() => server.close());

/** A publisher of the two tones, an ear, and the adapter between them. With `deaf`, DELETE does nothing. */
async function onAir(deaf = false) {
  const front = await startFront(sfu, deaf);
  const ear = await Ear.start();
  const publication = await publish({ url: front.url, key: "key", source: toneSource() });
  const [sessionId = ""] = front.sessions;
  const { status, json } = await sfu.newAdapter(sessionId, ear.url);
  if (status !== 200) throw new Error(`no adapter: ${status} ${JSON.stringify(json)}`);
  const adapterId: string = json.tracks[0].adapterId;
  const close = async () => {
    await publication.close(false);
    ear.close();
    front.close();
  };
  return { ear, publication, sessionId, adapterId, close };
}

/** How many messages are missing between the first and the last. */
function missing(heard: readonly Heard[]): number {
  const [first, last] = [heard[0], heard.at(-1)];
  return first && last ? last.sequenceNumber - first.sequenceNumber + 1 - heard.length : Number.NaN;
}

describe.concurrent("from a WHIP publisher to a WebSocket", () => {
  test("an endpoint that comes back after 13 s is dialled again", async ({ expect }) => {
    const { ear, close } = await onAir();
    ear.open = false;
    ear.drop();
    await sleep(13_000);
    expect(ear.connections).toBe(1);
    ear.open = true;
    await expect.poll(() => ear.connections, { timeout: 2_000 }).toBe(2);
    await close();
  });

  test("an endpoint that stays away is given up after 15 s", async ({ expect }) => {
    const { ear, adapterId, close } = await onAir();
    ear.open = false;
    ear.drop();
    await sleep(16_000);
    ear.open = true;
    await sleep(2_000);
    expect(ear.connections).toBe(1);
    const { json } = await sfu.call("POST", "/adapters/websocket/close", { tracks: [{ adapterId }] });
    expect(json).toEqual({ tracks: [{ adapterId }] });
    await close();
  });

  test("every 20 ms arrive as one message, in order, with both tones complete", async ({ expect }) => {
    const { ear, publication, close } = await onAir();
    await sleep(5_000);
    const { heard } = ear;
    const elapsed = (heard.at(-1)?.at ?? 0) - (heard[0]?.at ?? 0);
    expect(Math.abs(heard.length - elapsed / 20)).toBeLessThan(10);
    expect(missing(heard)).toBe(0);
    for (const [i, message] of heard.entries()) {
      expect(message.payload.length).toBe(3_840);
      expect(message.sequenceNumber).toBe(i);
      expect(message.timestamp).toBe(((heard[0]?.timestamp ?? 0) + i * 960) % 2 ** 32);
    }
    const pcm = ear.pcm(10);
    for (const [channel, hertz, other] of [
      [0, LEFT_HZ, RIGHT_HZ],
      [1, RIGHT_HZ, LEFT_HZ],
    ] as const) {
      const tone = followTone(pcm, channel, hertz);
      expect(tone).toMatchObject({ silent: 0, jumps: 0 });
      expect(Math.abs(tone.amplitude / 12_000 - 1)).toBeLessThan(0.05);
      expect(followTone(pcm, channel, other).amplitude).toBe(0);
    }
    expect(publication.stats).toMatchObject({ skipped: 0, lost: 0 });
    // RTCP receiver reports come about once a second.
    expect(publication.stats.reports).toBeGreaterThanOrEqual(3);
    await close();
  });

  test("a dropped socket is dialled again at the same address, and a short outage loses nothing", async ({
    expect,
  }) => {
    const { ear, close } = await onAir();
    await sleep(600);
    ear.drop();
    await expect.poll(() => ear.connections, { timeout: 3_000 }).toBe(2);
    await sleep(600);
    expect(missing(ear.heard)).toBeLessThanOrEqual(3); // messages that were on their way when the socket broke
    await close();
  });

  test("in a longer outage the backlog stays short: the newest half second, then live", async ({
    expect,
  }) => {
    const { ear, close } = await onAir();
    await sleep(400);
    ear.open = false;
    ear.drop();
    await sleep(2_500);
    const before = ear.heard.length;
    ear.open = true;
    await expect.poll(() => ear.connections, { timeout: 3_000 }).toBe(2);
    await sleep(400);
    const after = ear.heard.slice(before);
    // Messages beyond one per 20 ms are the backlog.
    const [first, last] = [after[0] as Heard, after.at(-1) as Heard];
    const backlog = last.sequenceNumber - first.sequenceNumber - (last.at - first.at) / 20;
    expect(backlog).toBeGreaterThan(12);
    expect(backlog).toBeLessThan(32);
    const lost = (after[0]?.sequenceNumber ?? 0) - (ear.heard[before - 1]?.sequenceNumber ?? 0) - 1;
    expect(lost).toBeGreaterThan(80);
    const jump = (after[0]?.timestamp ?? 0) - (ear.heard[before - 1]?.timestamp ?? 0);
    expect((jump + 2 ** 32) % 2 ** 32).toBe((lost + 1) * 960);
    await close();
  });

  test("an endpoint that closes with 1000 is not dialled again", async ({ expect }) => {
    const { ear, close } = await onAir();
    ear.hangUp(1000);
    await sleep(1_500);
    expect(ear.connections).toBe(1);
    await close();
  });

  test("closing the adapter ends its socket with 1000 and reports how much it carried", async ({
    expect,
  }) => {
    const { ear, adapterId, sessionId, close } = await onAir();
    await sleep(300);
    const { json } = await sfu.call("POST", "/adapters/websocket/close", { tracks: [{ adapterId }] });
    expect(json.tracks[0].bytesProcessed).toBeGreaterThan(3_840);
    await expect
      .poll(() => ear.closes, { timeout: 1_000 })
      .toMatchObject([{ code: 1000, reason: "the adapter was closed" }]);
    const { status } = await sfu.newAdapter(sessionId, ear.url);
    expect(status).toBe(200);
    await close();
  });

  test("DELETE closes the track, and with it the socket, at once", async ({ expect }) => {
    const { ear, publication, close } = await onAir();
    const began = performance.now();
    await publication.close();
    await expect
      .poll(() => ear.closes, { timeout: 1_000 })
      .toMatchObject([{ code: 1000, reason: "the track was closed" }]);
    expect((ear.closes[0]?.at ?? 0) - began).toBeLessThan(500);
    await close();
  });

  test("a publisher that closes its connection without DELETE is gone at once", async ({ expect }) => {
    const { ear, publication, sessionId, close } = await onAir(true);
    const began = performance.now();
    await publication.close();
    await expect
      .poll(() => ear.closes, { timeout: 1_000 })
      .toMatchObject([{ code: 1000, reason: "the publisher closed the connection" }]);
    expect((ear.closes[0]?.at ?? 0) - began).toBeLessThan(500);
    expect((await sfu.call("GET", `/sessions/${sessionId}`)).status).toBe(410);
    await close();
  });

  test("a publisher that dies is noticed within some 6 s", async ({ expect }) => {
    const { ear, publication, close } = await onAir();
    const began = performance.now();
    await publication.close(false);
    await expect.poll(() => ear.closes, { timeout: 7_000 }).toMatchObject([{ code: 1000 }]);
    expect(ear.closes[0]?.reason).toBe("the publisher fell silent");
    expect((ear.closes[0]?.at ?? 0) - began).toBeGreaterThan(5_000);
    expect((ear.closes[0]?.at ?? 0) - began).toBeLessThan(6_500);
    await close();
  });
});
