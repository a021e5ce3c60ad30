import * as HLS from "hls-parser";
import { describe, expect, test } from "vitest";
import { mediaPlaylist } from "../../src/hls/playlist.ts";
import { RewindText } from "../../src/hls/rewind-text.ts";
import {
  type FinishedSegment,
  replayPlaylist,
  wholePlaylist,
  wholeWindow,
} from "../../src/hls/stored-playlist.ts";
import { AU_SAMPLES, type Latency, PROFILES, samples } from "../../src/media.ts";
import { EPOCH, FIRST_MSN, names, STARTED_AT, show } from "../kit/show.ts";

/** Lists of whole segments, compared with the relay's own lists, with golden text, and through an independent parser. */

const timeline = (latency: Latency, startedAt = STARTED_AT) => ({
  epoch: EPOCH,
  profile: PROFILES[latency],
  startedAt,
});

/** `count` segments from `msn` on, of `units` access units each; the first begins at access unit `unit`. */
function wholes(count: number, msn: number, unit: number, units: number): FinishedSegment[] {
  return Array.from({ length: count }, (_, n) => ({
    msn: msn + n,
    at: (unit + n * units) * AU_SAMPLES,
    units,
  }));
}

/** The names of a timeline's media in a list that is in another folder. */
const outside = (epoch: string) => ({
  init: `../${epoch}/init.mp4`,
  segment: (msn: number) => `../${epoch}/${msn}.m4s`,
});

describe("the list of one timeline", () => {
  test("is byte for byte the list that a relay without parts hands out for the same segments, live and ended", () => {
    for (const live of [true, false]) {
      const { windows } = show(PROFILES.economy, 39 * 180, { live, events: true });
      const window = windows.at(-1);
      if (window === undefined) throw new Error("there is no window");
      const segments = window.segments.map(({ msn, at, duration }) => ({
        msn,
        at,
        units: duration / AU_SAMPLES,
      }));
      const text = wholePlaylist(wholeWindow(timeline("economy"), segments, window.dateRanges, !live), names);
      expect(text).toBe(mediaPlaylist(window, names));
      expect(text.includes("#EXT-X-DATERANGE"), "something has happened").toBe(true);
    }
  });

  test("dates and names segments as a list with parts does, and offers nothing that needs a server", () => {
    const window = show(PROFILES.low, 40 * 90 + 36, { live: true }).windows.at(-1);
    if (window === undefined) throw new Error("there is no window");
    const segments = wholes(15, FIRST_MSN + 25, 25 * 90, 90);
    const text = wholePlaylist(wholeWindow(timeline("low"), segments, [], false), names);
    const read = (list: string) => {
      const parsed = HLS.parse(list) as HLS.types.MediaPlaylist;
      return parsed.segments
        .filter(({ uri }) => uri !== "")
        .map(({ uri, mediaSequenceNumber, programDateTime, duration }) => ({
          uri,
          mediaSequenceNumber,
          programDateTime,
          duration,
        }));
    };
    expect(read(text)).toEqual(read(mediaPlaylist(window, names)));
    expect(text).not.toMatch(/PART|SERVER-CONTROL|PRELOAD|SKIP|ENDLIST/);
  });

  test("needs at least one segment", () => {
    expect(() => wholeWindow(timeline("low"), [], [], true)).toThrow("has some");
  });
});

test("the list of a whole show has each timeline's init segment after a discontinuity, and a gap for a missing segment", () => {
  const past = new RewindText(41, 0, true);
  past.beginTimeline({ ...timeline("low"), names: outside("aaaaaaaa") }, 40);
  for (const { msn, at, units } of wholes(2, 40, 0, 90))
    past.add({ msn, at: samples(at), duration: samples(units * AU_SAMPLES) });
  past.beginTimeline({ ...timeline("economy", STARTED_AT + 60_000), names: outside("bbbbbbbb") }, 43);
  past.add({ msn: 43, at: samples(540 * AU_SAMPLES), duration: samples(180 * AU_SAMPLES) });
  past.add({ msn: 45, at: samples(900 * AU_SAMPLES), duration: samples(180 * AU_SAMPLES) });
  const text = replayPlaylist(past);
  expect(text).toBe(
    [
      "#EXTM3U",
      "#EXT-X-VERSION:8",
      "#EXT-X-TARGETDURATION:4",
      "#EXT-X-PLAYLIST-TYPE:VOD",
      "#EXT-X-MEDIA-SEQUENCE:41",
      "#EXT-X-DISCONTINUITY-SEQUENCE:0",
      '#EXT-X-MAP:URI="../aaaaaaaa/init.mp4"',
      "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T20:00:00.000Z",
      "#EXTINF:1.920,",
      "../aaaaaaaa/40.m4s",
      "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T20:00:01.920Z",
      "#EXTINF:1.920,",
      "../aaaaaaaa/41.m4s",
      "#EXT-X-DISCONTINUITY",
      '#EXT-X-MAP:URI="../bbbbbbbb/init.mp4"',
      "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T20:01:11.520Z",
      "#EXTINF:3.840,",
      "../bbbbbbbb/43.m4s",
      "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T20:01:15.360Z",
      "#EXT-X-GAP",
      "#EXTINF:3.840,",
      "../bbbbbbbb/44.m4s",
      "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T20:01:19.200Z",
      "#EXTINF:3.840,",
      "../bbbbbbbb/45.m4s",
      "#EXT-X-ENDLIST",
      "",
    ].join("\n"),
  );
  const parsed = HLS.parse(text) as HLS.types.MediaPlaylist;
  expect(parsed.segments.map(({ mediaSequenceNumber }) => mediaSequenceNumber)).toEqual([41, 42, 43, 44, 45]);
  expect(parsed.segments.findIndex(({ discontinuity }) => discontinuity)).toBe(2);
  expect(parsed.segments.map(({ map }) => map?.uri.slice(3, 4)).join("")).toBe("aabbb");
  expect(parsed).toMatchObject({ endlist: true, playlistType: "VOD" });
});
