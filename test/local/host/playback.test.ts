import { expect, test } from "vitest";
import { Meter } from "../../../local/host/meter.ts";
import { firstVariant, listeningDelay } from "../../../local/host/playback.ts";

/** The listening delay that the demo shows, and its level meter. */

const NOW = Date.parse("2026-11-21T12:00:10.000Z");
const LIVE = `#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.92,HOLD-BACK=6
#EXT-X-PART-INF:PART-TARGET=0.64
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:04.000Z
#EXT-X-PART:DURATION=0.64,URI="a"
#EXT-X-PART:DURATION=1.28,URI="b"
#EXTINF:1.92,
s1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:05.920Z
#EXT-X-PART:DURATION=1.92,URI="e"
#EXTINF:1.92,
s2.m4s
#EXT-X-PART:DURATION=0.64,URI="c"
#EXT-X-PART:DURATION=0.64,URI="d"
`;

test("the delay is the hold-back behind the dated end of the playlist", () => {
  // The end is 5.92 + 1.92 + 1.28 = 9.12 s after the minute's start; the time is 10 s and the hold-back 1.92 s.
  expect(listeningDelay(LIVE, NOW)).toBeCloseTo(10 - 9.12 + 1.92, 6);
});

test("a playlist without parts is played at HOLD-BACK or three target durations behind its end", () => {
  const plain = LIVE.replace(/#EXT-X-PART.*\n/g, "").replace("PART-HOLD-BACK=1.92,", "");
  expect(listeningDelay(plain, NOW)).toBeCloseTo(10 - 7.84 + 6, 6);
  expect(listeningDelay(plain.replace(/#EXT-X-SERVER.*\n/, ""), NOW)).toBeCloseTo(10 - 7.84 + 6, 6);
});

test("there is no delay when the show has ended or has not begun", () => {
  expect(listeningDelay(`${LIVE}#EXT-X-ENDLIST\n`, NOW)).toBeNull();
  expect(listeningDelay("#EXTM3U\n#EXT-X-TARGETDURATION:2\n", NOW)).toBeNull();
});

test("the first variant is found, even after a comment", () => {
  const multivariant = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n# note\nmedia.m3u8?l=1\n";
  expect(firstVariant(multivariant, "http://h/live/x/index.m3u8")).toBe("http://h/live/x/media.m3u8?l=1");
  expect(firstVariant("#EXTM3U\n", "http://h/")).toBeNull();
});

test("the meter rises at once and falls by 20 dB a second", () => {
  const meter = new Meter();
  expect(meter.draw()).toBe(`[${"-".repeat(30)}]  -60 dBFS`);
  meter.push(Int16Array.of(-32_768, 0));
  expect(meter.draw()).toBe(`[${"#".repeat(30)}]    0 dBFS`);
  meter.push(new Int16Array(96_000));
  expect(meter.draw()).toBe(`[${"#".repeat(20)}${"-".repeat(10)}]  -20 dBFS`);
});
