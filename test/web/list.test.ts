import { expect, test } from "vitest";
import { mediaPlaylist, multivariantPlaylist } from "../../src/hls/playlist.ts";
import { wholePlaylist } from "../../src/hls/stored-playlist.ts";
import { listedEnd, type Window } from "../../src/hls/window.ts";
import { PROFILES, type Samples, toMillis } from "../../src/media.ts";
import { readMediaList, variantOf, withoutDirectives } from "../../src/web/list.ts";
import { names, STARTED_AT, show } from "../kit/show.ts";

/** What a page reads in the relay's lists and in the copy's, to compare them. */

const RELAY = "https://relay.example/live/x/mwq4yx3z/audio.m3u8?l=1";
const COPY = "https://copy.example/x/mwq4yx3z/lifeboat.m3u8";

function dateOf(place: Samples): number {
  return STARTED_AT + toMillis(place);
}

/** The end of the last whole segment; null where there is none. */
function wholeEnd({ segments }: Window): number | null {
  const last = segments.at(-1);
  return last === undefined ? null : dateOf((last.at + last.duration) as Samples);
}

test.each([
  ["low", true],
  ["balanced", true],
  ["economy", false],
] as const)(
  "%s: the relay's list ends with its newest part, and the copy's with its newest segment",
  (latency, hasParts) => {
    const { windows } = show(PROFILES[latency], 1000, { live: true, events: true });
    for (const window of windows.slice(1)) {
      const relay = readMediaList(mediaPlaylist(window, names), RELAY);
      const whole = wholeEnd(window);
      if (hasParts) expect(relay?.end).toBeCloseTo(dateOf(listedEnd(window)), -1);
      else if (whole === null) expect(relay).toBeNull();
      else expect(relay?.end).toBeCloseTo(whole, -1);
      if (whole === null) continue;
      const copy = readMediaList(wholePlaylist(window, names), COPY);
      expect(copy?.end).toBeCloseTo(whole, -1);
      expect(copy?.newest).toBe(`https://copy.example/x/mwq4yx3z/${window.segments.at(-1)?.msn}.m4s`);
      expect(copy?.isOver).toBe(false);
    }
    const relay = readMediaList(mediaPlaylist(windows.at(-1) as Window, names), RELAY);
    const { open, segments } = windows.at(-1) as Window;
    const newest =
      hasParts && open !== null && open.parts.length > 0
        ? names.part(open.msn, open.parts.length - 1)
        : names.segment(segments.at(-1)?.msn ?? 0);
    expect(relay?.newest).toBe(`https://relay.example/live/x/mwq4yx3z/${newest}`);
  },
);

test("an ended list is over", () => {
  const { windows } = show(PROFILES.balanced, 100);
  const list = readMediaList(mediaPlaylist(windows.at(-1) as Window, names), RELAY);
  expect(list?.isOver).toBe(true);
});

test.each([[""], ["<!doctype html>"], ["#EXTM3U\n#EXT-X-TARGETDURATION:2\n"]])(
  "%j is not read as a list",
  (text) => {
    expect(readMediaList(text, RELAY)).toBeNull();
  },
);

test("the media playlist is found in a multivariant playlist", () => {
  const text = multivariantPlaylist({ uri: "mwq4yx3z/lifeboat.m3u8", bandwidth: 2, averageBandwidth: 1 });
  expect(variantOf(text, "https://copy.example/x/lifeboat.m3u8")).toBe(COPY);
  expect(variantOf("#EXTM3U\n", COPY)).toBeNull();
});

test("a URL keeps its other parameters when its directives are removed", () => {
  expect(withoutDirectives(`${RELAY}&_HLS_msn=3&_HLS_part=1&_HLS_skip=YES`)).toBe(RELAY);
});
