import { expect, test } from "vitest";
import { CachedAnswer } from "../../src/edge/cached-answer.ts";
import { Fronts, type Playlist } from "../../src/edge/fronts.ts";
import type { Target } from "../../src/paths.ts";

/** No client is given an older list than this isolate has seen. */

const NOW = 1_800_000_000_000;
const EPOCH = "k0000000";
const asked = (id: string, epoch = EPOCH): Playlist => ({ kind: "playlist", id, epoch, directives: {} });

/** A list with `openParts` parts after its last segment, made at `madeAt`, of at least `length` bytes. */
function list(
  lastMsn: number,
  openParts: number,
  { epoch = EPOCH, madeAt = NOW, state = "live", length = 0 } = {},
): Promise<CachedAnswer> {
  const loaded = {
    status: 200,
    contentType: "application/vnd.apple.mpegurl",
    cacheControl: "public, max-age=1",
    retryAfter: null,
    bytes: new TextEncoder().encode(`${lastMsn}.${openParts}`.padEnd(length)),
    ageMs: 0,
    liveEdge: `${epoch};${state};0;${lastMsn};${openParts};3;640;parts;${madeAt}`,
  };
  return CachedAnswer.of(loaded, madeAt);
}

test("a plain list that is older than the newest known is replaced by that, and one of another epoch is not", async () => {
  const fronts = new Fronts();
  const [older, newer, newest] = [await list(9, 1), await list(9, 2), await list(10, 0)];
  expect(fronts.newest(asked("a"), older)).toBe(older);
  fronts.note(asked("a"), newer, NOW);
  expect(fronts.newest(asked("a"), older)).toBe(newer);
  expect(fronts.newest(asked("a"), newest)).toBe(newest);
  expect(fronts.newest(asked("b"), older)).toBe(older);
  const other = await list(0, 1, { epoch: "j0000000" });
  expect(fronts.newest(asked("a", "j0000000"), other)).toBe(other);
});

test("a list serves clients that join for as long as a part lasts", async () => {
  const fronts = new Fronts();
  const cached = await list(9, 1);
  fronts.note(asked("a"), cached, NOW);
  expect(fronts.young(asked("a"), NOW + 639)).toBe(cached);
  expect(fronts.young(asked("a"), NOW + 640)).toBe(null);
});

test("a list that arrives late does not move the front back", async () => {
  const fronts = new Fronts();
  const newer = await list(10, 0);
  fronts.note(asked("a"), newer, NOW);
  fronts.note(asked("a"), await list(9, 2), NOW);
  expect(fronts.liveEdgeOf("a")).toEqual(newer.liveEdge);
  expect(fronts.isBehind(asked("a"))).toBe(false);
  expect(fronts.young(asked("a"), NOW)).toBe(newer);
});

test("of more than a thousand shows, the one that changed longest ago is dropped", async () => {
  const fronts = new Fronts();
  const cached = await list(9, 1);
  for (let n = 0; n < 1_000; n++) fronts.note(asked(`show-${n}`), cached, NOW);
  fronts.note(asked("show-0"), await list(9, 2), NOW);
  fronts.note(asked("one more"), cached, NOW);
  expect(["show-0", "show-1", "show-2", "one more"].map((id) => fronts.liveEdgeOf(id) !== null)).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test("whether a timeline still runs is uncertain half a minute after the newest list of it, until it has ended", async () => {
  const fronts = new Fronts();
  const certainFor = (millis: number) =>
    [millis, millis + 1].map((later) => fronts.isUncertain("a", NOW + later));
  expect(fronts.isUncertain("a", NOW)).toBe(false);
  fronts.note(asked("a"), await list(9, 1), NOW);
  expect(certainFor(30_000)).toEqual([false, true]);
  // This list is older than what is known, but the timeline ran when it was made.
  fronts.note(asked("a"), await list(9, 0, { madeAt: NOW + 5_000 }), NOW);
  expect(certainFor(35_000)).toEqual([false, true]);
  fronts.note(asked("a"), await list(9, 1, { epoch: "j0000000", madeAt: NOW + 9_000 }), NOW);
  expect(certainFor(35_000)).toEqual([false, true]);
  fronts.confirm("a", NOW + 10_000);
  expect(certainFor(40_000)).toEqual([false, true]);
  fronts.note(asked("a"), await list(10, 0, { state: "ended" }), NOW);
  expect(certainFor(40_000)).toEqual([false, false]);
});

test("media of the show's epoch moves its live edge, and other media does not", async () => {
  const fronts = new Fronts();
  const part = (epoch: string): Target => ({ kind: "part", id: "a", epoch, msn: 10, index: 1 });
  const media = await CachedAnswer.of(
    {
      status: 200,
      contentType: "audio/mp4",
      cacheControl: "public, max-age=3600",
      retryAfter: null,
      bytes: new Uint8Array(1),
      ageMs: 0,
      liveEdge: null,
    },
    NOW,
  );
  const newestPart = () => {
    const { lastMsn, openParts } = fronts.liveEdgeOf("a") ?? {};
    return [lastMsn, openParts];
  };
  fronts.note(part(EPOCH), media, NOW);
  expect(fronts.liveEdgeOf("a")).toBeNull();
  fronts.note(asked("a"), await list(9, 1), NOW);
  fronts.note(part("j0000000"), media, NOW);
  fronts.note({ kind: "init", id: "a", epoch: EPOCH }, media, NOW);
  expect([newestPart(), fronts.isBehind(asked("a"))]).toEqual([[9, 1], false]);
  fronts.note(part(EPOCH), media, NOW);
  expect([newestPart(), fronts.isBehind(asked("a"))]).toEqual([[9, 2], true]);
});

test("a list of one kind never stands in for one of another kind, but all kinds move the same front", async () => {
  const fronts = new Fronts();
  const rewind = (skip: boolean, msn?: number): Playlist => ({
    ...{ kind: "rewind", id: "a", epoch: EPOCH, from: "live" },
    directives: { ...(msn !== undefined && { msn }), ...(skip && { skip: true }) },
  });
  const [live, whole, delta] = [await list(9, 1), await list(9, 2), await list(10, 0)];
  fronts.note(asked("a"), live, NOW);
  expect(fronts.young(rewind(false), NOW)).toBeNull();
  fronts.note(rewind(false), whole, NOW);
  fronts.note(rewind(true), delta, NOW);
  expect(fronts.liveEdgeOf("a")).toEqual(delta.liveEdge);
  // The plain and whole lists hint at parts that the delta has.
  expect([fronts.young(asked("a"), NOW), fronts.isBehind(asked("a"))]).toEqual([null, true]);
  expect([fronts.young(rewind(false), NOW), fronts.isBehind(rewind(false))]).toEqual([null, true]);
  expect([fronts.young(rewind(true), NOW), fronts.isBehind(rewind(true))]).toEqual([delta, false]);
  expect(fronts.newest(rewind(false), live)).toBe(whole);
  // Segments 5 to 10 are certainly in it.
  expect(fronts.young(rewind(true, 5), NOW)).toBe(delta);
  expect(fronts.young(rewind(true, 4), NOW)).toBeNull();
});

test("lists of ended shows are held up to 8 MiB and for a minute, and their shows' live edges stay known", async () => {
  const fronts = new Fronts();
  const MIB = 1_048_576;
  const rewind = (id: string): Playlist => ({
    ...{ kind: "rewind", id, epoch: EPOCH, from: "live" },
    directives: {},
  });
  const ended = await list(3_750, 0, { state: "ended", length: MIB });
  for (let n = 0; n < 200; n++) fronts.note(rewind(`show-${n}`), ended, NOW);
  expect(fronts.size.bytes).toBeLessThanOrEqual(8 * MIB);
  expect(fronts.size.lists).toBe(7);
  expect(["show-0", "show-199"].map((id) => fronts.young(rewind(id), NOW))).toEqual([null, ended]);
  const later = await list(3_750, 0, { state: "ended", length: MIB, madeAt: NOW + 61_000 });
  fronts.note(rewind("one more"), later, NOW + 61_000);
  expect(fronts.size).toEqual({ lists: 1, bytes: later.cost });
  expect(["show-0", "show-199"].map((id) => fronts.liveEdgeOf(id))).toEqual([ended.liveEdge, ended.liveEdge]);
});

test("a list that replaces another of its kind takes its place in the bounds", async () => {
  const fronts = new Fronts();
  const newest = await list(100, 0, { length: 1_000 });
  for (let msn = 10; msn < 100; msn++) fronts.note(asked("a"), await list(msn, 0), NOW);
  fronts.note(asked("a"), newest, NOW);
  expect(fronts.size).toEqual({ lists: 1, bytes: newest.cost });
});
