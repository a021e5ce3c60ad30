import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readOffer } from "../../src/ingest/offer.ts";
import * as offers from "../kit/offers.ts";

/** Offers of real publishers are accepted; an offer that can not work is refused with the reason. */

describe("an offer is accepted unchanged", () => {
  test.each([
    ["from Chromium", offers.chromium, "0"],
    ["from OBS: no candidates, and a video track", offers.obs, "0"],
    ["from GStreamer: no BUNDLE, OPUS in capitals", offers.gstreamer, "audio0"],
    ["from FFmpeg: setup:passive", offers.ffmpeg, "0"],
    ["with setup:active", offers.dtlsActive, "0"],
    ["with video first", offers.videoFirst, "a"],
    ["with video first and the audio bundle-only (RFC 9143)", offers.bundleOnly, "1"],
    ["with bare line feeds", offers.bareLineFeeds, "0"],
    ["with mono Opus", offers.mono, "0"],
  ])("%s", (_, sdp, mid) => expect(readOffer(sdp)).toEqual({ kind: "offer", sdp, mid }));
});

describe("an offer that can not work is refused, and the publisher is told why", () => {
  test.each([
    ["no Opus", offers.noOpus, 422, /no Opus/],
    ["video alone", offers.videoAlone, 422, /no audio/],
    ["audio that is rejected (port 0)", offers.rejectedAudio, 422, /no audio/],
    ["recvonly", offers.receiver, 422, /recvonly/],
    ["inactive", offers.inactive, 422, /inactive/],
    ["two audio tracks", offers.twoAudios, 422, /more than one audio/],
    ["nothing", "", 400, /v=0/],
    ["garbage", "garbage", 400, /v=0/],
    ["JSON", '{"type":"offer","sdp":"v=0"}', 400, /v=0/],
    ["something before the first line", ` ${offers.chromium}`, 400, /v=0/],
    ["no media", "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", 400, /m= line/],
    ["no mid", offers.without(offers.chromium, "a=mid:"), 400, /a=mid/],
    ["no fingerprint", offers.without(offers.chromium, "a=fingerprint:"), 400, /a=fingerprint/],
    ["no ICE user name", offers.without(offers.chromium, "a=ice-ufrag:"), 400, /a=ice-ufrag/],
    ["no ICE password", offers.without(offers.chromium, "a=ice-pwd:"), 400, /a=ice-pwd/],
    [
      "no ICE password anywhere in its bundle",
      offers.without(offers.bundleOnly, "a=ice-pwd:"),
      400,
      /a=ice-pwd/,
    ],
  ])("%s", (_, sdp, status, message) => {
    expect(readOffer(sdp)).toMatchObject({ status, message: expect.stringMatching(message) });
  });

  test("an offer that is cut or changed anywhere is read or refused, and never throws", () => {
    const whole = fc.constantFrom(...Object.values(offers).filter((offer) => typeof offer === "string"));
    fc.assert(
      fc.property(whole, fc.nat(), fc.nat(), fc.string(), (offer, from, length, junk) => {
        const at = from % offer.length;
        const read = readOffer(offer.slice(0, at) + junk + offer.slice(at + (length % 40)));
        expect("sdp" in read ? read.mid.length : read.status).toBeGreaterThan(0);
      }),
      { numRuns: 3_000 },
    );
  });
});
