import fc from "fast-check";
import * as HLS from "hls-parser";
import { describe, expect, test } from "vitest";
import { mediaPlaylist, multivariantPlaylist, seconds } from "../../src/hls/playlist.ts";
import { addCut, emptyWindow } from "../../src/hls/window.ts";
import { PROFILES, samples } from "../../src/media.ts";
import { EPOCH, FIRST_MSN, names, STARTED_AT, show, windowAfter } from "../kit/show.ts";

/** Playlists, compared with golden files byte for byte, and durations that never drift. */

const PROFILE = fc.constantFrom(PROFILES.low, PROFILES.balanced, PROFILES.economy);
const SEED = { seed: 20261121, numRuns: 60 };

describe("golden lists", () => {
  const { low, balanced, economy } = PROFILES;
  test.each([
    ["low-start", windowAfter(low, 3 * 90, { live: true })],
    ["low-steady", windowAfter(low, 40 * 90 + 2 * 18, { live: true })],
    ["low-steady-after-a-close", windowAfter(low, 40 * 90, { live: true })],
    ["low-end", windowAfter(low, 20 * 90 + 40)],
    ["balanced-start", windowAfter(balanced, 3 * 90, { live: true })],
    ["balanced-steady", windowAfter(balanced, 40 * 90 + 30, { live: true })],
    ["balanced-end", windowAfter(balanced, 20 * 90)],
    ["economy-start", windowAfter(economy, 3 * 180, { live: true })],
    ["economy-steady", windowAfter(economy, 40 * 180 + 30, { live: true })],
    ["economy-end", windowAfter(economy, 12 * 180 + 31)],
    ["end-before-any-sound", windowAfter(low, 0)],
  ])("%s", async (name, window) => {
    await expect(mediaPlaylist(window, names)).toMatchFileSnapshot(`golden/${name}.m3u8`);
  });

  test("multivariant", async () => {
    const variant = { uri: "a/128k.m3u8?l=x", bandwidth: 176000, averageBandwidth: 136000 };
    await expect(multivariantPlaylist(variant)).toMatchFileSnapshot("golden/multivariant.m3u8");
    const redundantUri = "https://copy.example.org/show/a/lifeboat.m3u8";
    await expect(multivariantPlaylist({ ...variant, redundantUri })).toMatchFileSnapshot(
      "golden/multivariant-redundant.m3u8",
    );
    await expect(
      multivariantPlaylist({ ...variant, title: 'Two hosts, "live"\r\n#EXT-X-ENDLIST {$x}' }),
    ).toMatchFileSnapshot("golden/multivariant-title.m3u8");
  });
});

describe("a duration", () => {
  test.each([
    [18 * 1024, "0.384"],
    [30 * 1024, "0.640"],
    [90 * 1024, "1.920"],
    [3 * 48000 * 2, "6.000"],
    [1024, "0.021333"],
    [10 * 1024, "0.213333"],
    [40 * 1024, "0.853333"],
    [0, "0.000"],
  ])("of %i samples is printed as %s", (duration, text) => {
    expect(seconds(samples(duration))).toBe(text);
  });

  test("is printed exact to a microsecond, and a longer one never as a smaller number", () => {
    fc.assert(
      fc.property(fc.nat(1e12), fc.nat(1e12), (a, b) => {
        const [x, y] = [seconds(samples(a)), seconds(samples(b))];
        // Decimal strings compared as integers of microseconds, without floating point.
        const micros = (text: string) => BigInt(text.replace(".", "").padEnd(text.indexOf(".") + 6, "0"));
        const exact = (BigInt(a) * 1_000_000n) / 48_000n;
        expect(micros(x)).toBe(exact);
        expect(a <= b ? micros(x) <= micros(y) : micros(x) >= micros(y)).toBe(true);
      }),
      SEED,
    );
  });
});

test("a list never changes a constant, date, duration or name that an earlier list has stated", () => {
  fc.assert(
    fc.property(PROFILE, fc.integer({ min: 300, max: 4200 }), (profile, units) => {
      const said = new Map<string, string>();
      for (const window of show(profile, units).windows) {
        const lines = mediaPlaylist(window, names).split("\n");
        for (const [index, line] of lines.entries()) {
          const constant =
            /^#EXT-X-(VERSION|TARGETDURATION|SERVER-CONTROL|PART-INF|DISCONTINUITY-SEQUENCE|MAP):/.exec(line);
          const key = constant?.[1] ?? (line.endsWith(".m4s") ? line : undefined);
          if (key === undefined) continue;
          // A segment is stated by its URI, its duration and the nearest date above it.
          const date = lines.slice(0, index).findLast((above) => above.startsWith("#EXT-X-PROGRAM"));
          const value = constant ? line : `${lines[index - 1]} ${date}`;
          expect(said.get(key) ?? value).toBe(value);
          said.set(key, value);
        }
      }
    }),
    SEED,
  );
});

test("dates follow the durations to the millisecond, wherever the timeline and the clock begin", () => {
  fc.assert(
    fc.property(PROFILE, fc.nat(2_000_000_000_000), fc.nat(1e9), (profile, startedAt, unit) => {
      const start = { epoch: EPOCH, startedAt, msn: 0, at: samples(unit * 1024) };
      let window = emptyWindow(profile, start);
      const duration = samples(profile.segmentUnits * 1024);
      for (let msn = 0; msn < 12; msn += 1) {
        const at = samples(start.at + msn * duration);
        const part = { msn, index: 0, at, duration, bytes: new Uint8Array() };
        window = addCut(window, { part, closes: true });
      }
      const dates = [...mediaPlaylist(window, names).matchAll(/DATE-TIME:(.*)/g)].map((m) =>
        Date.parse(m[1] ?? ""),
      );
      for (const [n, date] of dates.entries()) {
        const msn = window.firstMsn + n;
        expect(Math.abs(date - (startedAt + (start.at + msn * duration) / 48))).toBeLessThanOrEqual(0.5);
        expect(date - (dates[0] ?? 0)).toBe((n * duration) / 48);
      }
    }),
    SEED,
  );
});

test("parts are never printed longer than the target, come before their segment and sum to it", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(PROFILES.low, PROFILES.balanced),
      fc.integer({ min: 1, max: 2000 }),
      (profile, units) => {
        for (const window of show(profile, units).windows) {
          const text = mediaPlaylist(window, names);
          const target = Number(/PART-TARGET=([\d.]+)/.exec(text)?.[1]);
          let micros = 0;
          let count = 0;
          for (const line of text.split("\n")) {
            const part = /^#EXT-X-PART:DURATION=([\d.]+),URI="(\d+)\.(\d+)\.m4s",INDEPENDENT=YES$/.exec(line);
            if (part) {
              expect(Number(part[1])).toBeLessThanOrEqual(target);
              expect(Number(part[3])).toBe(count);
              micros += Math.round(Number(part[1]) * 1e6);
              count += 1;
            }
            const whole = /^#EXTINF:([\d.]+),$/.exec(line);
            if (whole && count > 0) {
              expect(Math.abs(micros - Math.round(Number(whole[1]) * 1e6))).toBeLessThanOrEqual(count);
              [micros, count] = [0, 0];
            }
          }
        }
      },
    ),
    SEED,
  );
});

test("the hint is always the next part, and only a live list with parts has one", () => {
  for (const profile of Object.values(PROFILES)) {
    const { windows, cuts } = show(profile, 4 * 180 + 10);
    for (const [index, window] of windows.entries()) {
      const hints = [...mediaPlaylist(window, names).matchAll(/PRELOAD-HINT:TYPE=PART,URI="(.*)"/g)].map(
        (m) => m[1],
      );
      const next = cuts[index]?.part;
      if (!profile.lowLatency || window.ended) expect(hints).toEqual([]);
      else if (next !== undefined) expect(hints).toEqual([names.part(next.msn, next.index)]);
      else expect(hints).toHaveLength(1);
    }
  }
});

test("hls-parser reads every list of a show in strict mode", () => {
  HLS.setOptions({ strictMode: true });
  for (const profile of Object.values(PROFILES)) {
    for (const window of show(profile, 18 * profile.segmentUnits + 25).windows) {
      if (window.segments.length === 0) continue;
      const text = mediaPlaylist(window, names);
      const list = HLS.parse(text) as HLS.types.MediaPlaylist;
      expect(list.targetDuration).toBe(profile.targetDuration);
      expect(list.mediaSequenceBase).toBe(window.firstMsn);
      expect(list.endlist).toBe(window.ended);
      const whole = list.segments.filter((segment) => segment.uri !== "");
      expect(whole.map((segment) => segment.uri)).toEqual(
        window.segments.map(({ msn }) => names.segment(msn)),
      );
      expect(whole[0]?.programDateTime?.getTime()).toBe(STARTED_AT + (window.segments[0]?.at ?? 0) / 48);
    }
  }
  const multivariant = multivariantPlaylist({ uri: "a.m3u8", bandwidth: 3, averageBandwidth: 2, title: "x" });
  const parsed = HLS.parse(multivariant) as HLS.types.MasterPlaylist;
  expect(parsed.variants.map(({ uri, codecs, bandwidth }) => [uri, codecs, bandwidth])).toEqual([
    ["a.m3u8", "mp4a.40.2", 3],
  ]);
  expect(FIRST_MSN).toBeGreaterThan(0);
});
