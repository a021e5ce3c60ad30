import { expect, test } from "vitest";
import { replayOf } from "../../src/broadcast/replay.ts";
import type { SegmentIndex } from "../../src/broadcast/segment-index.ts";
import { Store } from "../../src/broadcast/store.ts";
import { chunk } from "../../src/hls/cmaf.ts";
import { AU_SAMPLES, PROFILES, samples } from "../../src/media.ts";
import type { ReplayFrom } from "../../src/paths.ts";
import { sqlite } from "../kit/sqlite.ts";

/** Which timelines and segments a replay consists of, by a real segment index. */

/** An index of timelines, each with its segments and the segment in which it went live. */
function indexOf(
  timelines: Readonly<Record<string, { has: readonly number[]; liveFrom: number | null }>>,
): SegmentIndex {
  const { index } = new Store(sqlite());
  for (const [epoch, { has, liveFrom }] of Object.entries(timelines)) {
    index.begin({ epoch, startedAt: 1_800_000_000_000, profile: PROFILES.low });
    if (liveFrom !== null) index.goLive(epoch, liveFrom);
    for (const msn of has) {
      const at = samples(msn * AU_SAMPLES);
      const bytes = chunk(msn, [{ at, bytes: new Uint8Array(9) }], { segmentStart: true });
      index.add(epoch, [{ msn, index: 0, at, duration: samples(AU_SAMPLES), bytes }]);
    }
  }
  return index;
}

const replayed = (index: SegmentIndex, from: ReplayFrom) =>
  replayOf(index, from).map(({ epoch, firstMsn }) => `${epoch}/${firstMsn}`);

test("a replay begins in each timeline with the segment in which a host was first heard, or with the first one", () => {
  const index = indexOf({
    mwq4uj3s: { has: [0, 1, 2, 3], liveFrom: 2 },
    mwq4uj3r: { has: [4, 5], liveFrom: null },
    mwq4uj3t: { has: [0, 1], liveFrom: 0 },
  });
  expect(replayed(index, "live")).toEqual(["mwq4uj3s/2", "mwq4uj3t/0"]);
  expect(replayed(index, "open")).toEqual(["mwq4uj3r/4", "mwq4uj3s/0", "mwq4uj3t/0"]);
});

test("a replay begins after a segment that was given up, and has no timeline without a segment", () => {
  const index = indexOf({
    mwq4uj3r: { has: [0, 1, 4], liveFrom: 2 },
    mwq4uj3s: { has: [0, 1], liveFrom: 2 },
    mwq4uj3t: { has: [], liveFrom: null },
  });
  expect(replayed(index, "live")).toEqual(["mwq4uj3r/4"]);
  expect(replayed(index, "open")).toEqual(["mwq4uj3r/0", "mwq4uj3s/0"]);
});

test("a show in which no host was heard has nothing to replay", () => {
  expect(replayOf(indexOf({ mwq4uj3r: { has: [0, 1], liveFrom: null } }), "live")).toEqual([]);
});
