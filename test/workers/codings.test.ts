import { request } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { Listener } from "../kit/listener.ts";
import { Runtime } from "../kit/runtime.ts";

/** Playlists are gzipped for clients that accept gzip, media never is. */

let relay: Runtime;
let broadcast: CreatedBroadcast;
let listener: Listener;
beforeAll(async () => {
  relay = await Runtime.start([EARSHOT]);
  broadcast = await relay.open({ latency: "low" });
  listener = await Listener.join(broadcast.playbackUrl);
  await listener.list();
});
afterAll(() => relay.close());

/** Sends a GET without automatic headers or decoding; returns what the wire carries. */
function raw(
  url: string,
  headers: Record<string, string>,
): Promise<{ coding: string | undefined; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const get = request(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ coding: response.headers["content-encoding"], body: Buffer.concat(chunks) }),
      );
    });
    get.on("error", reject).end();
  });
}

/**
 * Accept-Encoding as players send it (RFC 9110 section 12.5.3). The platform replaces it by one of its own before the
 * Worker.
 */
test.each([
  ["gzip, deflate, br", true],
  ["gzip, identity;q=1, *;q=0", true],
  ["*", true],
  ["identity", false],
  ["identity;q=1, *;q=0", false],
  ["gzip;q=0", false],
  ["br", false],
  [undefined, false],
])("a playlist for a client that accepts %j is gzipped: %s", async (accepted, isGzipped) => {
  const headers: Record<string, string> = accepted === undefined ? {} : { "accept-encoding": accepted };
  const { playbackUrl } = broadcast;
  const [, uri = ""] = /^([^#\n].*)$/m.exec((await raw(playbackUrl, headers)).body.toString()) ?? [];
  // With the id that such a player is given, and without one.
  for (const query of [new URL(uri, playbackUrl).search, "?"]) {
    const { coding, body } = await raw(`${listener.url.split("?")[0]}${query}&_HLS_msn=0`, headers);
    expect(coding).toBe(isGzipped ? "gzip" : undefined);
    expect((isGzipped ? gunzipSync(body) : body).toString()).toMatch(/^#EXTM3U\n/);
  }
});

test("media is never gzipped", async () => {
  const { coding, body } = await raw(new URL("s0.m4s", listener.url).href, { "accept-encoding": "gzip" });
  expect(coding).toBeUndefined();
  expect(body.toString("latin1", 4, 8)).toMatch(/styp|moof/);
});
