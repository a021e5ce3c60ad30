import { describe, expect, test } from "vitest";
import { Archive } from "../../src/broadcast/archive.ts";
import { announce, end, open } from "../../src/broadcast/lifecycle.ts";
import type { ShowRow } from "../../src/broadcast/show-row.ts";
import { Store } from "../../src/broadcast/store.ts";
import { chunk } from "../../src/hls/cmaf.ts";
import { AU_SAMPLES, type Part, PROFILES, samples } from "../../src/media.ts";
import { DETAILS } from "../kit/details.ts";
import { sqlite } from "../kit/sqlite.ts";

/** The answers of a Broadcast from which Origin makes recordings and chapters. */

const EPOCH = "mwq4yx3z";
const TIMELINE = { epoch: EPOCH, startedAt: 0, profile: PROFILES.low };
const ANNOUNCED = announce({ ...DETAILS, id: "show", latency: "low", bitrate: 128_000 }, 0);
const RUNNING = open(ANNOUNCED, TIMELINE);
const ENDED = end(RUNNING, 1);

/** A segment of `units` access units of 7 bytes each. */
function part(msn: number, units = 3): Part {
  const at = samples(msn * 3 * AU_SAMPLES);
  const frames = Array.from({ length: units }, (_, n) => ({
    at: samples(at + n * AU_SAMPLES),
    bytes: new Uint8Array(7),
  }));
  const bytes = chunk(msn, frames, { segmentStart: true });
  return { msn, index: 0, at, duration: samples(units * AU_SAMPLES), bytes };
}

function archived(units: readonly number[], liveFrom: number | null) {
  const store = new Store(sqlite());
  store.index.begin(TIMELINE);
  if (liveFrom !== null) store.index.goLive(EPOCH, liveFrom);
  for (const [msn, count] of units.entries()) store.index.add(EPOCH, [part(msn, count)]);
  const archive = new Archive(store);
  return {
    store,
    attend: (row: ShowRow, asked: Parameters<Archive["handle"]>[1]) => archive.handle(row, asked),
  };
}

describe("a plan", () => {
  test("exists once the show has ended and a host was heard at it", () => {
    const [heard, never] = [archived([3], 0), archived([3], null)];
    expect(heard.attend(ENDED, { kind: "plan" })).toMatchObject({ kind: "plan", title: "A show" });
    for (const row of [ANNOUNCED, RUNNING])
      expect(heard.attend(row, { kind: "plan" })).toMatchObject({ status: 409, code: "recording_not_ready" });
    expect(never.attend(ENDED, { kind: "plan" })).toMatchObject({ status: 404, code: "nothing_recorded" });
  });

  test("sums segments up in pages of 500 numbers, and says where their length changes", () => {
    const units = Array.from({ length: 1_203 }, (_, msn) => (msn === 700 || msn === 1_202 ? 2 : 3));
    expect(archived(units, 499).attend(ENDED, { kind: "plan" })).toEqual({
      kind: "plan",
      title: "A show",
      pages: [
        { epoch: EPOCH, msn: 499, segments: 1, units: 3, bytes: 21 },
        { epoch: EPOCH, msn: 500, segments: 500, units: 1_499, bytes: 7 * 1_499 },
        { epoch: EPOCH, msn: 1_000, segments: 203, units: 608, bytes: 7 * 608 },
      ],
      runs: [
        { first: 1, units: 3 },
        { first: 202, units: 2 },
        { first: 203, units: 3 },
        { first: 704, units: 2 },
      ],
    });
  });
});

test("a page has its segments and the sizes of their units; a damaged request gets no more than a page", () => {
  const { attend } = archived(new Array(800).fill(3), 0);
  const asked = { epoch: EPOCH, msn: 500, segments: 300, units: 900, bytes: 6_300 };
  const page = attend(ENDED, { kind: "page", page: asked });
  if (page.kind !== "page") throw new Error(page.kind);
  expect(page.segments).toHaveLength(300);
  expect(page.segments[0]).toEqual({ msn: 500, bytes: 21 });
  expect(page.sizes).toEqual(Uint8Array.from({ length: 1_800 }, (_, n) => (n % 2 === 0 ? 0 : 7)));
  const all = attend(ENDED, { kind: "page", page: { ...asked, msn: 0, segments: 1e9 } });
  expect(all.kind === "page" && all.segments.length).toBe(500);
});

test("a segment that R2 does not have yet is returned, of this timeline or of an earlier one", () => {
  const { store, attend } = archived([3, 3], 0);
  store.putInit(Uint8Array.of(1, 2));
  for (const msn of [0, 1]) store.putPart(part(msn), true);
  const bytesOf = (epoch: string, msn: number | null, row: ShowRow = ENDED) => {
    const answer = attend(row, { kind: "segment", epoch, msn });
    return answer.kind === "segment" ? answer.bytes : answer.kind;
  };
  expect(bytesOf(EPOCH, 1)).toEqual(part(1).bytes);
  expect(bytesOf(EPOCH, null)).toEqual(Uint8Array.of(1, 2));
  expect(bytesOf(EPOCH, 2)).toBeNull();
  expect(bytesOf("mwq4yx40", 1)).toBeNull();
  store.setAside(EPOCH);
  const row = end(ANNOUNCED, 1);
  expect(bytesOf(EPOCH, 1, row)).toEqual(part(1).bytes);
  expect(bytesOf(EPOCH, null, row)).toEqual(Uint8Array.of(1, 2));
  expect(bytesOf(EPOCH, 2, row)).toBeNull();
});

test("chapters exist from the first host on, also while the show is on", () => {
  const [heard, never] = [archived(new Array(800).fill(3), 600), archived([3], null)];
  heard.store.chapterMarks.note(
    { kind: "marker", title: "Here", id: 1, at: 41_000 },
    { epoch: EPOCH, title: "A show" },
  );
  expect(heard.attend(RUNNING, { kind: "chapters" })).toEqual({
    kind: "chapters",
    chapters: [
      { startMs: 0, title: "A show" },
      { startMs: 41_000 - 600 * 64, title: "Here" },
    ],
    endMs: 200 * 64,
  });
  expect(heard.attend(ENDED, { kind: "chapters" })).toMatchObject({ endMs: 200 * 64 });
  expect(never.attend(RUNNING, { kind: "chapters" })).toMatchObject({ status: 404, code: "no_chapters" });
});
