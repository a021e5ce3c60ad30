import fc from "fast-check";
import * as HLS from "hls-parser";
import { describe, expect, test } from "vitest";
import { rewindPlaylist } from "../../src/hls/rewind.ts";
import { firstListedOf, MAX_PAST_SEGMENTS, RewindText } from "../../src/hls/rewind-text.ts";
import { addCut, closingWindow, emptyWindow, endWindow, type Window } from "../../src/hls/window.ts";
import { AU_SAMPLES, PROFILES, type Profile, samples } from "../../src/media.ts";
import { namesFromOutside } from "../../src/paths.ts";
import { EPOCH, names, pastBefore, STARTED_AT, show } from "../kit/show.ts";
import { readList } from "../validator/list.ts";
import type { Finding } from "../validator/rules.ts";
import { checkList } from "../validator/single.ts";

/** The list from which players rewind, byte for byte, and that nothing in it ever changes. */

const whole = (profile: Profile) => samples(profile.segmentUnits * AU_SAMPLES);

/**
 * The past of a show before the timeline that begins with segment `turnsAt`: two earlier timelines, one of which lacks a
 * segment. With `turns`, the new timeline has begun.
 */
function pastUpTo(turnsAt: number, turns = true): RewindText {
  const past = new RewindText(turnsAt - 5, 0, true);
  const profile = PROFILES.low;
  past.beginTimeline({ startedAt: STARTED_AT - 7_200_000, profile, names: namesFromOutside("mwq4aaaa") }, 3);
  for (const msn of [3, 5]) past.add({ msn, at: samples(msn * whole(profile)), duration: whole(profile) });
  past.beginTimeline({ startedAt: STARTED_AT - 3_600_000, profile, names: namesFromOutside("mwq4bbbb") }, 6);
  past.add({ msn: 6, at: samples(0), duration: whole(profile) });
  past.add({ msn: 7, at: whole(profile), duration: samples(20 * AU_SAMPLES) });
  if (turns) past.beginTimeline({ startedAt: STARTED_AT, profile, names }, turnsAt);
  return past;
}

/** A window from `msn` on with `segments` whole segments and one part; with `ends`, only the segments, ended. */
function windowFrom(profile: Profile, msn: number, segments: number, ends = false): Window {
  let window = emptyWindow(profile, { epoch: EPOCH, startedAt: STARTED_AT, msn, at: samples(0) });
  const parts = profile.segmentUnits / profile.partUnits;
  const duration = samples(profile.partUnits * AU_SAMPLES);
  for (let n = 0; n < segments * parts + (ends ? 0 : 1); n++) {
    const part = { msn: msn + Math.floor(n / parts), index: n % parts, at: samples(n * duration), duration };
    window = addCut(window, { part: { ...part, bytes: new Uint8Array() }, closes: n % parts === parts - 1 });
  }
  return ends ? endWindow(window) : window;
}

function faultsOf(text: string): Finding[] {
  const findings: Finding[] = [];
  checkList(readList(text, "https://relay.test/live/show/a/rewind.m3u8", STARTED_AT), (rule, where, what) => {
    findings.push({ rule, where, what });
  });
  return findings;
}

describe("golden lists", () => {
  const { low, economy } = PROFILES;
  const long = show(low, 18 * 90 + 18, { live: true }).windows;
  const last = long.at(-1) as Window;
  const ended = show(economy, 12 * 180 + 31).windows;
  const end = ended.at(-1) as Window;
  const anew = windowFrom(low, 8, 7);
  test.each([
    ["rewind-low", last, pastBefore(last, long), false],
    ["rewind-low-delta", last, pastBefore(last, long), true],
    ["rewind-economy-end", end, pastBefore(end, ended), true],
    ["rewind-timelines", anew, pastUpTo(8), false],
    ["rewind-timelines-no-delta-yet", anew, pastUpTo(8), true],
    ["rewind-timelines-delta", windowFrom(low, 8, 8), pastUpTo(8), true],
    ["rewind-timelines-end", windowFrom(low, 8, 3, true), pastUpTo(8), false],
    ["rewind-nothing-of-the-last", windowFrom(low, 8, 3, true), pastUpTo(11, false), false],
  ])("%s", async (name, window, past, skip) => {
    const text = rewindPlaylist(window, past, names, { skip });
    await expect(text).toMatchFileSnapshot(`golden/${name}.m3u8`);
    expect(faultsOf(text)).toEqual([]);
  });
});

test("a rewind list begins inside the window where the first host was heard there", () => {
  const window = windowFrom(PROFILES.low, 0, 6);
  const past = new RewindText(4, 0, true);
  past.beginTimeline({ startedAt: STARTED_AT, profile: PROFILES.low, names }, 4);
  const text = rewindPlaylist(window, past, names);
  expect(text.match(/^\d+\.m4s$/gm)).toEqual(["4.m4s", "5.m4s"]);
  expect(text).toContain("#EXT-X-MEDIA-SEQUENCE:4\n");
  // Segments before the list's first one are not counted as skipped.
  const long = windowFrom(PROFILES.low, 0, 15);
  for (const [first, skipped] of [
    [7, 1],
    [8, null],
    [12, null],
  ] as const) {
    const begun = new RewindText(first, 0, true);
    begun.beginTimeline({ startedAt: STARTED_AT, profile: PROFILES.low, names }, first);
    const delta = rewindPlaylist(long, begun, names, { skip: true });
    expect(/SKIPPED-SEGMENTS=(.*)/.exec(delta)?.[1] ?? null).toBe(skipped && String(skipped));
    expect(faultsOf(delta)).toEqual([]);
  }
});

test("whether a client asks for lists or deltas, it has the whole list, and nothing in it ever changes", () => {
  for (const profile of [PROFILES.low, PROFILES.balanced, PROFILES.economy]) {
    const { windows } = show(profile, 24 * profile.segmentUnits + 7);
    let client: string[] = [];
    let skippedMost = 0;
    for (const window of windows.slice(1)) {
      const past = pastBefore(window, windows);
      const full = segmentsOf(rewindPlaylist(window, past, names));
      const delta = rewindPlaylist(window, past, names, { skip: true });
      const skipped = Number(/SKIPPED-SEGMENTS=(\d+)/.exec(delta)?.[1] ?? 0);
      skippedMost = Math.max(skippedMost, skipped);
      const merged = [...client.slice(0, skipped), ...segmentsOf(delta)];
      expect(merged).toEqual(full);
      expect(full.slice(0, client.length)).toEqual(client);
      client = merged;
    }
    // The last list has 24 whole segments, and seven of them are as long as the skip boundary.
    expect([client.length, skippedMost]).toEqual([25, 24 - 7]);
  }
});

test("the rewind list ends in the same two steps as the live list", () => {
  const { windows } = show(PROFILES.low, 20 * 90);
  const ended = windows.at(-1) as Window;
  const closing = closingWindow(ended) as Window;
  const past = pastBefore(ended, windows);
  const [before, after] = [closing, ended].map((window) => rewindPlaylist(window, past, names));
  expect(segmentsOf(before ?? "")).toEqual(segmentsOf(after ?? "").slice(0, -1));
  expect([/ENDLIST/.test(before ?? ""), /ENDLIST/.test(after ?? "")]).toEqual([false, true]);
});

describe("a rewind list of more than a day", () => {
  const profile = PROFILES.low;
  const add = (past: RewindText, from: number, to: number) => {
    for (let msn = from; msn <= to; msn++)
      past.add({ msn, at: samples(msn * whole(profile)), duration: whole(profile) });
  };
  test("slides by a thousand segments at a time, and is no EVENT list any more", () => {
    const past = new RewindText(8, 0, true);
    past.beginTimeline({ startedAt: STARTED_AT, profile, names }, 8);
    add(past, 8, MAX_PAST_SEGMENTS + 999);
    expect([past.first, past.isWhole]).toEqual([8, true]);
    add(past, MAX_PAST_SEGMENTS + 1_000, MAX_PAST_SEGMENTS + 1_000);
    expect([past.first, past.next, past.isWhole]).toEqual([1_000, MAX_PAST_SEGMENTS + 1_001, false]);
    expect(past.text.match(/^\d+\.m4s$/gm)?.length).toBe(MAX_PAST_SEGMENTS + 1);
    const window = windowFrom(profile, MAX_PAST_SEGMENTS + 1_001, 4);
    const text = rewindPlaylist(window, past, names);
    expect(text).not.toContain("EVENT");
    expect(text).toContain(`#EXT-X-MEDIA-SEQUENCE:1000\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-MAP`);
  });
  test("begins where it began before a restart, whenever that happens", () => {
    fc.assert(
      fc.property(fc.nat(60_000), fc.integer({ min: 0, max: 60_000 }), (first, length) => {
        const begins = firstListedOf(first, first + length);
        expect(begins).toBeGreaterThanOrEqual(first);
        expect(first + length - begins).toBeLessThan(MAX_PAST_SEGMENTS + 1_000);
        // A list that is one segment longer begins there too, or later, at a multiple of a thousand.
        const next = firstListedOf(first, first + length + 1);
        expect(next === begins || (next > begins && next % 1_000 === 0)).toBe(true);
      }),
      { seed: 20261126 },
    );
  });
  test("counts the discontinuities that have left it", () => {
    const past = new RewindText(990, 0, true);
    past.beginTimeline({ startedAt: STARTED_AT, profile, names: namesFromOutside("mwq4aaaa") }, 990);
    add(past, 990, 994);
    past.beginTimeline({ startedAt: STARTED_AT + 3_600_000, profile, names }, 995);
    add(past, 995, MAX_PAST_SEGMENTS + 1_000);
    expect([past.first, past.discontinuitySequence]).toEqual([1_000, 1]);
    expect(past.text.split("\n").slice(0, 2)).toEqual([
      '#EXT-X-MAP:URI="init.mp4"',
      expect.stringContaining("DATE"),
    ]);
  });
});

test("segments must come in order and belong to a timeline", () => {
  const past = new RewindText(0, 0, true);
  const segment = { msn: 4, at: samples(0), duration: samples(1024) };
  expect(() => past.add(segment)).toThrow("no timeline");
  past.beginTimeline({ startedAt: STARTED_AT, profile: PROFILES.low, names }, 5);
  expect(() => past.add(segment)).toThrow("segment 4 comes before 5");
});

test("hls-parser reads the timelines and the gap", () => {
  HLS.setOptions({ strictMode: true });
  const list = HLS.parse(
    rewindPlaylist(windowFrom(PROFILES.low, 8, 3, true), pastUpTo(8), names),
  ) as HLS.types.MediaPlaylist;
  expect(
    list.segments.map(({ uri, discontinuity, gap, map }) => [uri, discontinuity, gap, map?.uri]),
  ).toEqual([
    ["../mwq4aaaa/s3.m4s", undefined, undefined, "../mwq4aaaa/init.mp4"],
    ["../mwq4aaaa/s4.m4s", undefined, true, "../mwq4aaaa/init.mp4"],
    ["../mwq4aaaa/s5.m4s", undefined, undefined, "../mwq4aaaa/init.mp4"],
    ["../mwq4bbbb/s6.m4s", true, undefined, "../mwq4bbbb/init.mp4"],
    ["../mwq4bbbb/s7.m4s", undefined, undefined, "../mwq4bbbb/init.mp4"],
    ["8.m4s", true, undefined, "init.mp4"],
    ["9.m4s", undefined, undefined, "init.mp4"],
    ["10.m4s", undefined, undefined, "init.mp4"],
  ]);
  expect([list.playlistType, list.mediaSequenceBase, list.endlist]).toEqual(["EVENT", 3, true]);
});

/** Date, duration and name of every whole segment in a list. */
function segmentsOf(text: string): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line, n) => {
    if (!/^\S+\.m4s$/.test(line)) return [];
    const date = lines.slice(0, n).findLast((above) => above.startsWith("#EXT-X-PROGRAM"));
    return [`${date} ${lines[n - 1]} ${line}`];
  });
}
