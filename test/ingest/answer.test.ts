import { expect, test } from "vitest";
import { codecOf } from "../../src/ingest/answer.ts";

/** Which codec the SFU's answer chose. */

const answer = (...lines: string[]) => ["v=0", "s=-", ...lines, ""].join("\r\n");

test.each<[string, string, string | null]>([
  ["the only one", answer("m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2"), "opus/48000/2"],
  [
    "the first of several, whatever the order of their lines",
    answer("m=audio 9 UDP/TLS/RTP/SAVPF 0 111", "a=rtpmap:111 opus/48000/2", "a=rtpmap:0 PCMU/8000"),
    "pcmu/8000",
  ],
  [
    "that of the audio, not of a video beside it",
    answer(
      "m=video 0 UDP/TLS/RTP/SAVPF 96",
      "a=rtpmap:96 VP8/90000",
      "m=audio 9 UDP/TLS/RTP/SAVPF 96",
      "a=rtpmap:96 opus/48000/2",
    ),
    "opus/48000/2",
  ],
  ["unknown, where the answer does not name it", answer("m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0"), null],
  [
    "unknown, where the section is rejected",
    answer("m=audio 0 UDP/TLS/RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2"),
    null,
  ],
  ["unknown without an answer", "", null],
])("the codec of the answer is %s", (_, sdp, codec) => expect(codecOf(sdp)).toBe(codec));
