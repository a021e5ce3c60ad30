import { describe, expect, test } from "vitest";
import { SegmentIndex } from "../../src/broadcast/segment-index.ts";
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

describe("blocks of 500 numbers", () => {
  /** A store with so many finished segments in its index. Their rows are written without chunks: 45,000 take too long. */
  function indexed(segments: number) {
    const sql = sqlite();
    const store = new Store(sql);
    store.index.begin(timeline(EPOCH));
    const add = (from: number, to: number) =>
      sql.exec(
        `WITH RECURSIVE n(msn) AS (VALUES (?) UNION ALL SELECT msn + 1 FROM n WHERE msn < ?)
        INSERT INTO indexed SELECT ?, msn, msn * ?, ?, 30000, zeroblob(180) FROM n`,
        ...[from, to, EPOCH, UNITS * AU_SAMPLES, UNITS],
      );
    add(0, segments - 1);
    return { sql, store, add };
  }
  const EPOCH = "mwq4uj3r";
  const UNITS = 90;

  test("are the same, remembered or not, while segments come and after some were removed", () => {
    const { sql, store, add } = indexed(1_203);
    const { index } = store;
    const spans = () => index.blocks(EPOCH, 499).map(({ msn, segments }) => [msn, segments]);
    const expectSame = () =>
      expect(index.blocks(EPOCH, 499)).toEqual(new SegmentIndex(sql).blocks(EPOCH, 499));
    expect(spans()).toEqual([
      [499, 1],
      [500, 500],
      [1_000, 203],
    ]);
    for (const to of [1_203, 1_499, 1_500, 2_600]) {
      add(index.nextMsn(), to);
      expectSame();
    }
    expect(index.blocks(EPOCH, 600)[0]).toMatchObject({ msn: 600, segments: 400 });
    expectSame();
    index.remove(EPOCH, 1_100);
    expectSame();
    expect(spans()[2]).toEqual([1_000, 499]);
    index.forget(EPOCH);
    expect(spans()).toEqual([]);
  });

  test("of a timeline that is over are summed up once", () => {
    const { sql, store } = indexed(1_200);
    const { index } = store;
    index.begin(timeline("mwq4uj3s"));
    const whole = index.blocks(EPOCH, 0);
    expect(whole).toEqual(new SegmentIndex(sql).blocks(EPOCH, 0));
    sql.exec("DELETE FROM indexed");
    expect(index.blocks(EPOCH, 0)).toEqual(whole);
    index.recount(EPOCH);
    expect(index.blocks(EPOCH, 0)).toEqual([]);
  });

  test("lose what the store gives up because R2 has not taken it for too long", () => {
    const { sql, store } = indexed(4_000);
    const bytes = Uint8Array.of(1);
    for (let msn = 0; msn < 4_000; msn++)
      store.putPart({ msn, index: 0, at: samples(msn), duration: samples(1), bytes }, true);
    const counted = () => store.index.blocks(EPOCH, 0).reduce((sum, { segments }) => sum + segments, 0);
    expect(counted()).toBe(4_000);
    expect(store.setAside(EPOCH)).toBe(1_000);
    expect(counted()).toBe(3_000);
    expect(store.index.blocks(EPOCH, 0)).toEqual(new SegmentIndex(sql).blocks(EPOCH, 0));
  });

  test("of a day cost a summing up once; then only the last block is summed up", () => {
    const { store, add } = indexed(45_000);
    const took = () => {
      const before = performance.now();
      store.index.blocks(EPOCH, 0);
      return performance.now() - before;
    };
    const cold = took();
    const warm = Array.from({ length: 20 }, (_, n) => {
      add(45_000 + n, 45_000 + n);
      return took();
    }).toSorted((a, b) => a - b)[10] as number;
    console.log(`a day of segments: ${cold.toFixed(1)} ms cold, ${warm.toFixed(2)} ms after another segment`);
    expect(warm).toBeLessThan(cold / 5);
  });
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
