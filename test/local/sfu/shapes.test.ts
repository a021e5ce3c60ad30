import { afterAll, beforeAll, describe, test } from "vitest";
import { startSfu } from "../../../local/sfu/server.ts";
import { Ear } from "../../kit/ear.ts";
import { SfuCaller } from "../../kit/front.ts";
import { followTone, LEFT_HZ, RIGHT_HZ } from "../../kit/tone.ts";
import { connectShape, type Shape } from "./shape.ts";

/** Publishers with offers of every shape connect to the stand-in and are heard. */

const SECRET = "shapes-secret";
let server: Awaited<ReturnType<typeof startSfu>>;
let sfu: SfuCaller;

beforeAll(async () => {
  server = await startSfu({ port: 0, appId: "app", appSecret: SECRET });
  sfu = new SfuCaller(server.url, "app", SECRET);
});
afterAll(() => server.close());

const without = (pattern: RegExp) => (sdp: string) => sdp.replace(pattern, "");
/** Gives all sections but the first the form of Firefox's `max-bundle`: bundle-only, port 0, no transport of their own. */
const bundleOnly = (sdp: string) => {
  const [session = "", first = "", ...rest] = sdp.split(/^(?=m=)/m);
  const bare = rest.map((section) =>
    section
      .replace(/^(m=\w+) \d+ (.*\r\n)/, "$1 0 $2a=bundle-only\r\n")
      .replace(/^a=(ice-.*|candidate:.*|end-of-candidates|fingerprint:.*|setup:.*|rtcp-mux)\r\n/gm, ""),
  );
  return [session, first, ...bare].join("");
};
const setup = (role: string) => (sdp: string) => sdp.replace(/a=setup:actpass/g, `a=setup:${role}`);

/** Offers of real publishers, named where the shape is that of a particular one. */
const SHAPES: readonly [string, Shape][] = [
  ["a plain offer", {}],
  ["setup:passive (FFmpeg)", { rewrite: setup("passive") }],
  ["setup:active", { rewrite: setup("active") }],
  ["no candidates (OBS, FFmpeg)", { rewrite: without(/^a=(candidate:.*|end-of-candidates)\r\n/gm) }],
  ["no BUNDLE group (GStreamer)", { rewrite: without(/^a=group:BUNDLE.*\r\n/gm) }],
  [
    "OPUS in capitals, mid audio0 (GStreamer)",
    {
      rewrite: (sdp) =>
        sdp
          .replace("opus/48000", "OPUS/48000")
          .replace(/^a=mid:\S+/m, "a=mid:audio0")
          .replace(/^(a=group:BUNDLE) .*/m, "$1 audio0"),
    },
  ],
  ["bare line feeds", { rewrite: (sdp) => sdp.replaceAll("\r\n", "\n") }],
  ["video first", { video: "first" }],
  ["video last", { video: "last" }],
  [
    "video first, without BUNDLE",
    { video: "first", bundle: "disable", rewrite: without(/^a=group:BUNDLE.*\r\n/gm) },
  ],
  ["video first, the audio bundle-only (Firefox)", { video: "first", rewrite: bundleOnly }],
  ["video last, bundle-only (Firefox)", { video: "last", rewrite: bundleOnly }],
  [
    "an undecodable video first, the audio bundle-only",
    { video: "first", rewrite: (sdp) => bundleOnly(sdp).replace(/^a=rtpmap:\d+ VP8.*\r\n/gm, "") },
  ],
  ["mono", { channels: 1 }],
];

describe.concurrent("a publisher with this offer connects and is heard", () => {
  test.for(SHAPES)("%s", async ([name, shape], { expect }) => {
    const ear = await Ear.start();
    const publisher = await connectShape(sfu, shape);
    try {
      const { answer } = publisher;
      expect(answer.slice(0, answer.indexOf("m="))).toContain("\r\na=ice-lite\r\n");
      expect(answer.match(/^a=ice-lite/gm)).toHaveLength(1);
      expect(answer).toMatch(/^a=fmtp:\d+ .*stereo=1/m);
      expect(answer.match(/^a=setup:(\w+)/m)?.[1]).toBe(/passive/.test(name) ? "active" : "passive");
      const { status, json } = await sfu.newAdapter(publisher.sessionId, ear.url);
      expect({ status, json }).toMatchObject({ status: 200 });
      await expect.poll(() => ear.heard.length, { timeout: 3_000 }).toBeGreaterThan(40);
      const pcm = ear.pcm(20);
      expect(followTone(pcm, 0, LEFT_HZ)).toMatchObject({ silent: 0, jumps: 0 });
      const right = followTone(pcm, 1, RIGHT_HZ);
      if (shape.channels === 1) expect(right.amplitude).toBe(0);
      else expect(right).toMatchObject({ silent: 0, jumps: 0 });
    } finally {
      await publisher.close();
      ear.close();
    }
  });
});
