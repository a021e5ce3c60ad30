import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fixAnswer, offersOpus, readOffer } from "../../../local/sfu/offer.ts";
import { CHROMIUM, FFMPEG, FIREFOX_AUDIO_FIRST, FIREFOX_VIDEO_FIRST, GSTREAMER, OBS } from "./offers.ts";

/** Which offers the stand-in can answer; they are written as real publishers send them. */

describe("an offer that can be answered", () => {
  test.each([
    ["Chromium", CHROMIUM, [["audio", "0", "actpass", true]]],
    [
      "OBS",
      OBS,
      [
        ["audio", "0", "actpass", true],
        ["video", "1", "actpass", false],
      ],
    ],
    ["GStreamer", GSTREAMER, [["audio", "audio0", "actpass", true]]],
    ["FFmpeg", FFMPEG, [["audio", "0", "passive", true]]],
    ["bare line feeds", CHROMIUM.replaceAll("\r\n", "\n"), [["audio", "0", "actpass", true]]],
    ["no setup at all", CHROMIUM.replace("a=setup:actpass\r\n", ""), [["audio", "0", "actpass", true]]],
    ["no Opus", CHROMIUM.replace(/a=rtpmap:111.*\r\n/, ""), [["audio", "0", "actpass", false]]],
  ])("%s", (_, sdp, expected) => {
    const offer = readOffer(sdp);
    expect(
      offer.kind === "offer"
        ? offer.media.map((media) => [media.kind, media.mid, media.setup, offersOpus(media)])
        : offer,
    ).toEqual(expected);
    if (offer.kind === "offer") expect(offer.sdp).toBe(sdp.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n"));
  });
});

describe("sections that use the transport of the first section in their bundle (RFC 9143)", () => {
  const live = (sdp: string) => {
    const offer = readOffer(sdp);
    return offer.kind === "offer"
      ? offer.media.filter((media) => media.live).map(({ kind, setup }) => [kind, setup])
      : offer;
  };

  test.each([
    ["video first, the audio bundle-only", FIREFOX_VIDEO_FIRST, ["video", "audio"]],
    ["audio first, the video bundle-only", FIREFOX_AUDIO_FIRST, ["audio", "video"]],
    ["bundled, but with a port", FIREFOX_VIDEO_FIRST.replace("m=audio 0", "m=audio 9"), ["video", "audio"]],
  ])("%s: are live, with that transport", (_, sdp, kinds) => {
    expect(live(sdp)).toEqual(kinds.map((kind) => [kind, "actpass"]));
    const offer = readOffer(sdp);
    const second = offer.kind === "offer" ? offer.sdp.slice(offer.sdp.lastIndexOf("m=")) : "";
    expect(second).toMatch(/^m=\w+ 9 /);
    for (const line of [
      "a=ice-ufrag:9d4f7c21",
      "a=ice-pwd:b8c9f0d2a4e6180c3f5b7d9e2a4c6e80",
      "a=setup:actpass",
    ])
      expect(second).toContain(`\r\n${line}\r\n`);
  });

  test("share its DTLS role", () => {
    const passive = FIREFOX_VIDEO_FIRST.replace("a=setup:actpass", "a=setup:passive");
    expect(live(passive)).toEqual([
      ["video", "passive"],
      ["audio", "passive"],
    ]);
  });

  test("are refused where they are in no group", () => {
    expect(live(FIREFOX_AUDIO_FIRST.replace("BUNDLE 0 1", "BUNDLE 0"))).toEqual([["audio", "actpass"]]);
  });

  test("are refused where they have port 0 and are not bundle-only", () => {
    expect(live(FIREFOX_AUDIO_FIRST.replace("a=bundle-only\r\n", ""))).toEqual([["audio", "actpass"]]);
  });

  test("need a first section with a transport", () => {
    const without = FIREFOX_VIDEO_FIRST.replace(/a=ice-pwd.*\r\n/, "");
    expect(readOffer(without)).toEqual({ kind: "refused", reason: "its video section has no a=ice-pwd" });
  });
});

describe("an offer that can not be answered", () => {
  const without = (pattern: RegExp) => CHROMIUM.replace(pattern, "");
  test.each([
    ["nothing", "", "it does not begin with v=0"],
    ["prose", "garbage", "it does not begin with v=0"],
    ["a line of no type", CHROMIUM.replace("a=mid:0", "mid 0"), "it has a line that is not <type>=<value>"],
    ["no section", "v=0\r\ns=-\r\n", "it offers neither audio nor video"],
    ["only data", CHROMIUM.replace("m=audio", "m=application"), "it offers neither audio nor video"],
    [
      "a rejected section",
      CHROMIUM.replace("m=audio 51234", "m=audio 0"),
      "it offers neither audio nor video",
    ],
    ["an unknown section", CHROMIUM.replace("m=audio", "m=smell"), "it has an m-line of no known kind"],
    ["no mid", without(/a=mid:0\r\n/), "its audio section has no a=mid"],
    ["no ufrag", without(/a=ice-ufrag.*\r\n/), "its audio section has no a=ice-ufrag"],
    ["no pwd", without(/a=ice-pwd.*\r\n/), "its audio section has no a=ice-pwd"],
    [
      "a short pwd",
      CHROMIUM.replace("x9cml/YzichV2+XlhiMu8g+x", "short"),
      "its audio section has no a=ice-pwd",
    ],
    ["no fingerprint", without(/a=fingerprint.*\r\n/), "its audio section has no SHA-256 a=fingerprint"],
    [
      "a cut fingerprint",
      CHROMIUM.replace(/(a=fingerprint.*):AB\r/, "$1\r"),
      "its audio section has no SHA-256 a=fingerprint",
    ],
    ["an unknown role", CHROMIUM.replace("actpass", "holdconn"), "a=setup:holdconn is unknown"],
    ["one mid twice", OBS.replace("a=mid:1", "a=mid:0"), "two sections have mid 0"],
  ])("%s", (_, sdp, reason) => {
    expect(readOffer(sdp)).toEqual({ kind: "refused", reason });
  });

  test("never makes the reader throw", () => {
    const line = fc.oneof(fc.constantFrom(...CHROMIUM.split("\r\n"), ...OBS.split("\r\n")), fc.string());
    fc.assert(
      fc.property(fc.array(line), (all) => {
        expect(readOffer(all.join("\n"))).toHaveProperty("kind");
      }),
    );
  });
});

describe("in an answer", () => {
  const answer = (...media: string[]) =>
    `${["v=0", "o=- 1 0 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", ...media].join("\r\n")}\r\n`;

  test("ice-lite moves to the session, once", () => {
    const fixed = fixAnswer(answer("a=ice-lite", "a=mid:0", "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=ice-lite"));
    expect(fixed.split("\r\n").slice(3, 6)).toEqual(["t=0 0", "a=ice-lite", "a=group:BUNDLE 0"]);
    expect(fixed.match(/a=ice-lite/g)).toHaveLength(1);
  });

  test.each([
    [
      "is added where there is no fmtp line",
      ["a=rtpmap:111 OPUS/48000/2"],
      "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1",
    ],
    [
      "is added to an fmtp line",
      ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10"],
      "a=fmtp:111 minptime=10;stereo=1",
    ],
    [
      "is kept",
      ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 stereo=1;minptime=10"],
      "a=fmtp:111 stereo=1;minptime=10",
    ],
    [
      "is not mistaken for sprop-stereo",
      ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 sprop-stereo=1"],
      "a=fmtp:111 sprop-stereo=1;stereo=1",
    ],
    [
      "is turned on",
      ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10; stereo=0"],
      "a=fmtp:111 minptime=10;stereo=1",
    ],
  ])("stereo=1 %s", (_, media, format) => {
    const fixed = fixAnswer(answer(...media));
    expect(fixed.match(/^a=fmtp.*$/gm)?.map((line) => line.trim())).toEqual([format]);
  });
});
