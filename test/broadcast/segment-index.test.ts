import { expect, test } from "vitest";
import { Store } from "../../src/broadcast/store.ts";
import { chunk } from "../../src/hls/cmaf.ts";
import { AU_SAMPLES, type Frame, type Part, PROFILES, samples } from "../../src/media.ts";
import { sqlite } from "../kit/sqlite.ts";

/** The stored facts of finished segments, from real chunks in a real SQLite. */

const PART_UNITS = 3;

/** Part `index` of segment `msn`; its unit u has 10 + u bytes. */
function part(msn: number, index: number): Part {
  const first = (msn * 2 + index) * PART_UNITS;
  const frames: Frame[] = Array.from({ length: PART_UNITS }, (_, n) => ({
    at: samples((first + n) * AU_SAMPLES),
    bytes: new Uint8Array(10 + first + n),
  }));
  const duration = samples(PART_UNITS * AU_SAMPLES);
  const bytes = chunk(first, frames, { segmentStart: index === 0 });
  return { msn, index, at: samples(first * AU_SAMPLES), duration, bytes };
}

const timeline = (epoch: string) => ({ epoch, startedAt: 1_800_000_000_000.5, profile: PROFILES.low });

test("a segment is found with its place, its units and their sizes, timeline by timeline", () => {
  const { index } = new Store(sqlite());
  index.begin(timeline("mwq4uj3s"));
  index.begin(timeline("mwq4uj3r"));
  index.goLive("mwq4uj3r", 1);
  index.goLive("mwq4uj3r", 2);
  for (const msn of [0, 1, 2]) index.add("mwq4uj3r", [part(msn, 0), part(msn, 1)]);
  expect(index.timelines()).toEqual([
    { ...timeline("mwq4uj3r"), liveFrom: 1 },
    { ...timeline("mwq4uj3s"), liveFrom: null },
  ]);
  expect(index.segments("mwq4uj3r", 1, 9)).toEqual([
    { msn: 1, at: 6 * AU_SAMPLES, units: 6, bytes: 16 + 17 + 18 + 19 + 20 + 21 },
    { msn: 2, at: 12 * AU_SAMPLES, units: 6, bytes: 22 + 23 + 24 + 25 + 26 + 27 },
  ]);
  expect(index.segments("mwq4uj3r", 0, 1).map(({ msn }) => msn)).toEqual([0]);
  expect([...(index.sizes("mwq4uj3r", 1) ?? [])]).toEqual([0, 16, 0, 17, 0, 18, 0, 19, 0, 20, 0, 21]);
  index.remove("mwq4uj3r", 1);
  expect(index.sizes("mwq4uj3r", 1)).toBeNull();
  index.forget("mwq4uj3r");
  expect(index.segments("mwq4uj3r", 0, 9)).toEqual([]);
});

test("bytes that are no chunk, and a unit whose size does not fit in 16 bits, are refused", () => {
  const { index } = new Store(sqlite());
  const { bytes, ...rest } = part(0, 0);
  expect(() => index.add("mwq4uj3r", [{ ...rest, bytes: bytes.subarray(30) }])).toThrow(
    "there is no moof box",
  );
  expect(() => index.add("mwq4uj3r", [])).toThrow("a segment has parts");
  const large = chunk(0, [{ at: samples(0), bytes: new Uint8Array(65_536) }], { segmentStart: true });
  expect(() => index.add("mwq4uj3r", [{ ...rest, bytes: large }])).toThrow("an access unit of 65536 bytes");
});
