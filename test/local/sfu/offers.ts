/** Offers in the shapes that real publishers send, written from what is known of them (ids and keys are made up). */
const FINGERPRINT = `sha-256 ${Array(32).fill("AB").join(":")}`;
const lines = (...all: string[]) => `${all.join("\r\n")}\r\n`;
const session = (...more: string[]) => [
  "v=0",
  "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  ...more,
];

/** A browser: BUNDLE, mDNS candidate, RED and comfort noise beside Opus. */
export const CHROMIUM = lines(
  ...session("a=group:BUNDLE 0", "a=extmap-allow-mixed", "a=msid-semantic: WMS s"),
  "m=audio 51234 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
  "c=IN IP4 192.0.2.7",
  "a=rtcp:9 IN IP4 0.0.0.0",
  "a=candidate:1 1 udp 2113937151 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 51234 typ host generation 0",
  "a=ice-ufrag:F7gI",
  "a=ice-pwd:x9cml/YzichV2+XlhiMu8g+x",
  "a=ice-options:trickle",
  `a=fingerprint:${FINGERPRINT}`,
  "a=setup:actpass",
  "a=mid:0",
  "a=sendonly",
  "a=rtcp-mux",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2",
  "a=rtpmap:9 G722/8000",
  "a=rtpmap:13 CN/8000",
);

/** OBS (libdatachannel): no candidates, audio and H.264, a=msid per section. */
export const OBS = lines(
  "v=0",
  "o=rtc 3497579305 0 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0 1",
  "a=group:LS 0 1",
  "a=ice-options:trickle",
  "a=setup:actpass",
  `a=fingerprint:${FINGERPRINT}`,
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "c=IN IP4 0.0.0.0",
  "a=mid:0",
  "a=sendonly",
  "a=rtcp-mux",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1",
  "a=ice-ufrag:4ZcD",
  "a=ice-pwd:2/1muCWoOi3uLifh0NuRHl",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "c=IN IP4 0.0.0.0",
  "a=mid:1",
  "a=sendonly",
  "a=rtcp-mux",
  "a=rtpmap:96 H264/90000",
  "a=ice-ufrag:4ZcD",
  "a=ice-pwd:2/1muCWoOi3uLifh0NuRHl",
);

/** GStreamer: no BUNDLE, mid audio0, OPUS in capitals. */
export const GSTREAMER = lines(
  ...session("a=ice-options:trickle"),
  "m=audio 9 UDP/TLS/RTP/SAVPF 97",
  "c=IN IP4 0.0.0.0",
  "a=setup:actpass",
  "a=ice-ufrag:Zl3tZVtbCqAwz5vQ/W6kTVDrXIN0Qyw4",
  "a=ice-pwd:MjQ1ZGY2OTBhMTg0ZTQ3ZTljNTdhNWJm",
  "a=rtcp-mux",
  "a=rtcp-rsize",
  "a=sendonly",
  "a=rtpmap:97 OPUS/48000/2",
  "a=fmtp:97 sprop-maxcapturerate=48000;sprop-stereo=1",
  "a=mid:audio0",
  `a=fingerprint:${FINGERPRINT}`,
);

/** FFmpeg: passive, no candidates, ICE and DTLS per section. */
export const FFMPEG = lines(
  "v=0",
  "o=FFmpeg 4489045141692799359 2 IN IP4 127.0.0.1",
  "s=FFmpegPublishSession",
  "t=0 0",
  "a=group:BUNDLE 0",
  "a=extmap-allow-mixed",
  "a=msid-semantic: WMS",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "c=IN IP4 0.0.0.0",
  "a=ice-ufrag:6cd9a1de",
  "a=ice-pwd:b1d0b2b2e02cb8e9ab8e35ea4c7e1f2a",
  `a=fingerprint:${FINGERPRINT.replace("sha-256 AB", "sha-256 ab")}`,
  "a=setup:passive",
  "a=mid:0",
  "a=sendonly",
  "a=msid:FFmpeg audio",
  "a=rtcp-mux",
  "a=rtpmap:111 opus/48000/2",
);

const FIREFOX_TRANSPORT = [
  "a=ice-pwd:b8c9f0d2a4e6180c3f5b7d9e2a4c6e80",
  "a=ice-ufrag:9d4f7c21",
  "a=setup:actpass",
  "a=rtcp-mux",
];

const FIREFOX = session(`a=fingerprint:${FINGERPRINT}`, "a=group:BUNDLE 0 1", "a=ice-options:trickle");

/** Firefox with `max-bundle`: the sections after the first are bundle-only, with port 0 and no transport of their own. */
export const FIREFOX_VIDEO_FIRST = lines(
  ...FIREFOX,
  "m=video 9 UDP/TLS/RTP/SAVPF 120",
  "c=IN IP4 0.0.0.0",
  "a=sendonly",
  ...FIREFOX_TRANSPORT,
  "a=mid:0",
  "a=rtpmap:120 VP8/90000",
  "m=audio 0 UDP/TLS/RTP/SAVPF 109",
  "c=IN IP4 0.0.0.0",
  "a=bundle-only",
  "a=sendonly",
  "a=mid:1",
  "a=rtpmap:109 opus/48000/2",
);

export const FIREFOX_AUDIO_FIRST = lines(
  ...FIREFOX,
  "m=audio 9 UDP/TLS/RTP/SAVPF 109",
  "c=IN IP4 0.0.0.0",
  "a=sendonly",
  ...FIREFOX_TRANSPORT,
  "a=mid:0",
  "a=rtpmap:109 opus/48000/2",
  "m=video 0 UDP/TLS/RTP/SAVPF 120",
  "c=IN IP4 0.0.0.0",
  "a=bundle-only",
  "a=sendonly",
  "a=mid:1",
  "a=rtpmap:120 VP8/90000",
);
