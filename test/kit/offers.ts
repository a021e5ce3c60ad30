/** Offers in the shapes that publishers really send; the credentials are invented. */

const FINGERPRINT = `sha-256 ${Array.from({ length: 32 }, (_, n) => (n * 7 + 16).toString(16).toUpperCase()).join(":")}`;

const lines = (...text: readonly string[]): string => `${text.join("\r\n")}\r\n`;

const session = (...more: string[]) => ["v=0", "o=- 4611 2 IN IP4 127.0.0.1", "s=-", "t=0 0", ...more];

const transport = (setup = "actpass") => [
  "a=ice-ufrag:Qx9b",
  "a=ice-pwd:0aBcDeFgHiJkLmNoPqRsTuVw",
  `a=fingerprint:${FINGERPRINT}`,
  `a=setup:${setup}`,
];

const opus = (mid: string, direction = "sendonly", name = "opus") => [
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "c=IN IP4 0.0.0.0",
  "a=rtcp-mux",
  `a=mid:${mid}`,
  `a=${direction}`,
  `a=rtpmap:111 ${name}/48000/2`,
  "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1",
];

const h264 = (mid: string) => [
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "c=IN IP4 0.0.0.0",
  "a=rtcp-mux",
  `a=mid:${mid}`,
  "a=sendonly",
  "a=rtpmap:96 H264/90000",
];

/** Chromium: a session-wide BUNDLE, many codecs beside Opus, candidates gathered. */
export const chromium = lines(
  ...session("a=group:BUNDLE 0", "a=extmap-allow-mixed", "a=msid-semantic: WMS s"),
  "m=audio 51234 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110",
  "c=IN IP4 192.0.2.4",
  "a=rtcp:9 IN IP4 0.0.0.0",
  "a=candidate:1 1 udp 2113937151 192.0.2.4 51234 typ host generation 0 network-cost 999",
  ...transport(),
  "a=ice-options:trickle",
  "a=mid:0",
  "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  "a=sendonly",
  "a=msid:s t",
  "a=rtcp-mux",
  "a=rtcp-rsize",
  "a=rtpmap:111 opus/48000/2",
  "a=rtcp-fb:111 transport-cc",
  "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "a=rtpmap:9 G722/8000",
  "a=rtpmap:0 PCMU/8000",
  "a=rtpmap:8 PCMA/8000",
  "a=rtpmap:13 CN/8000",
  "a=rtpmap:110 telephone-event/48000",
  "a=ssrc:1234 cname:c",
);

/** OBS 30 and newer (libdatachannel): no candidates at all, and always a video track. */
export const obs = lines(
  ...session(
    "a=group:BUNDLE 0 1",
    "a=group:LS 0 1",
    "a=msid-semantic:WMS *",
    ...transport(),
    "a=ice-options:ice2",
  ),
  ...opus("0"),
  ...h264("1"),
);

/** GStreamer's publishers: no BUNDLE group, a named mid, the codec in capitals. */
export const gstreamer = lines(
  ...session("a=ice-options:trickle"),
  ...opus("audio0", "sendrecv", "OPUS"),
  ...transport(),
);

/** FFmpeg's muxer: it takes the DTLS server's role, and sends no candidates. */
export const ffmpeg = lines(
  ...session("a=group:BUNDLE 0", "a=ice-lite"),
  ...opus("0"),
  ...transport("passive"),
);

export const dtlsActive = lines(...session("a=group:BUNDLE 0"), ...opus("0"), ...transport("active"));

export const videoFirst = lines(
  ...session("a=group:BUNDLE v a"),
  ...h264("v"),
  ...transport(),
  ...opus("a"),
  ...transport(),
);

/** Firefox with `max-bundle` and video first: the later sections are bundle-only, with port 0 and without a transport. */
export const bundleOnly = lines(
  ...session("a=group:BUNDLE 0 1", `a=fingerprint:${FINGERPRINT}`),
  ...h264("0"),
  ...transport(),
  ...opus("1").map((line) => line.replace("m=audio 9 ", "m=audio 0 ")),
  "a=bundle-only",
);

/** Lines that end with a bare line feed, as simple clients write them. */
export const bareLineFeeds = chromium.replaceAll("\r\n", "\n");

export const mono = chromium.replace("opus/48000/2", "opus/48000");

export const noOpus = lines(
  ...session(),
  "m=audio 9 UDP/TLS/RTP/SAVPF 0 8",
  "a=mid:0",
  "a=sendonly",
  "a=rtpmap:0 PCMU/8000",
  "a=rtpmap:8 PCMA/8000",
  ...transport(),
);

export const videoAlone = lines(...session(), ...h264("0"), ...transport());
export const rejectedAudio = chromium.replace("m=audio 51234", "m=audio 0");
export const receiver = chromium.replace("a=sendonly", "a=recvonly");
export const inactive = chromium.replace("a=sendonly", "a=inactive");
export const twoAudios = lines(
  ...session("a=group:BUNDLE 0 1"),
  ...opus("0"),
  ...transport(),
  ...opus("1"),
  ...transport(),
);

/** `offer` without the lines that begin with `begin`. */
export function without(offer: string, begin: string): string {
  return offer
    .split("\r\n")
    .filter((line) => !line.startsWith(begin))
    .join("\r\n");
}
