import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  covers,
  firstPublished,
  isAsNew,
  isFormer,
  isSoon,
  type LiveEdge,
  later,
  type MediaName,
  mayMerge,
  newest,
  ordinalOf,
  type Position,
  positionAsked,
  readLiveEdge,
  withMedia,
  writeLiveEdge,
} from "../src/live-edge.ts";
import type { Directives } from "../src/media.ts";
import { ENDED, LIVE, NOW, PLAIN } from "./kit/live-edges.ts";

/** How far a show has come, as data and as a header; and the one form of playlist directives that mean the same. */

describe("the live edge header", () => {
  test("reads back as it was written", () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.nat(),
        fc.nat(),
        fc.nat(99),
        fc.integer({ min: 1, max: 99 }),
        (ended, first, length, openParts, partsPerSegment) => {
          const liveEdge = {
            ...LIVE,
            ended,
            oldestMsn: first % 2 === 0 ? 0 : Math.max(0, first - length),
            firstMsn: first,
            lastMsn: first + length - 1,
            openParts,
            partsPerSegment,
          };
          expect(readLiveEdge(writeLiveEdge(liveEdge))).toEqual(liveEdge);
          const former = [
            { epoch: "mwq4aaaa", firstMsn: 0, lastMsn: first },
            { epoch: "mwq4bbbb", firstMsn: first + 1, lastMsn: first + length },
          ];
          expect(readLiveEdge(writeLiveEdge({ ...liveEdge, former }))).toEqual({ ...liveEdge, former });
        },
      ),
    );
  });

  test("names the oldest segment as the begin of the present timeline, after the former ones", () => {
    const former = [{ epoch: "mwq4aaaa", firstMsn: 0, lastMsn: 3 }];
    const header = writeLiveEdge({ ...LIVE, oldestMsn: 7, former });
    expect(header).toBe(`${writeLiveEdge({ ...LIVE, former })};${LIVE.epoch}:7-20`);
  });

  test.each([null, "", "x", "mwq4uj3r;live;1;2;3;4;5;parts", "mwq4uj3r;gone;1;2;3;4;5;parts;6"])(
    "%s is not read as a live edge",
    (header) => expect(readLiveEdge(header)).toBeNull(),
  );
});

describe("directives that mean the same thing are given one form", () => {
  test.each<[string, LiveEdge, Directives, Position | null]>([
    ["none", LIVE, {}, null],
    ["a skip alone", LIVE, { skip: true }, null],
    ["a part, with a skip", LIVE, { msn: 21, part: 3, skip: true }, { msn: 21, part: 3 }],
    ["a segment without a part", LIVE, { msn: 22 }, { msn: 22, part: 0 }],
    ["beyond a segment's last part", LIVE, { msn: 21, part: 5 }, { msn: 22, part: 0 }],
    ["any place, once the show has ended", ENDED, { msn: 99, part: 7 }, null],
    ["a segment of a list without parts", PLAIN, { msn: 21, part: 3 }, { msn: 21 }],
  ])("%s", (_what, liveEdge, directives, form) => {
    expect(positionAsked(liveEdge, directives)).toEqual(form);
  });

  test.each<[string, LiveEdge, Position | null, boolean]>([
    ["no place", LIVE, null, true],
    ["a segment listed long ago", LIVE, { msn: 3, part: 2 }, true],
    ["the newest part", LIVE, { msn: 21, part: 2 }, true],
    ["the next part", LIVE, { msn: 21, part: 3 }, false],
    ["the next segment", LIVE, { msn: 22, part: 0 }, false],
    ["any place, once the show has ended", ENDED, { msn: 99, part: 0 }, true],
    ["the last segment of a list without parts", PLAIN, { msn: 20 }, true],
    ["the open segment of a list without parts", PLAIN, { msn: 21 }, false],
  ])("whether the list already has %s", (_what, liveEdge, directives, held) => {
    expect(covers(liveEdge, directives)).toBe(held);
  });

  test.each([LIVE, { ...LIVE, openParts: 0 }, PLAIN])(
    "the newest known place is in the list, and the next is not",
    (liveEdge) => {
      const position = newest(liveEdge);
      expect(covers(liveEdge, position)).toBe(true);
      const { msn, part } = position;
      const next = part === undefined ? { msn: msn + 1 } : positionAsked(liveEdge, { msn, part: part + 1 });
      expect(covers(liveEdge, next)).toBe(false);
    },
  );
});

describe("media that was fetched moves the live edge on", () => {
  const part = (msn: number, index: number): MediaName => ({ kind: "part", msn, index });
  const segment = (msn: number): MediaName => ({ kind: "segment", msn });

  test.each([
    ["the hinted part", LIVE, part(21, 3), { openParts: 4, endsAt: NOW + 400 }],
    ["a segment's last part", LIVE, part(21, 4), { lastMsn: 21, openParts: 0, endsAt: NOW + 800 }],
    ["the next segment's first part", LIVE, part(22, 0), { lastMsn: 21, openParts: 1, endsAt: NOW + 1_200 }],
    ["the open segment, whole", LIVE, segment(21), { lastMsn: 21, openParts: 0, endsAt: NOW + 800 }],
    [
      "a segment of a list without parts",
      PLAIN,
      segment(22),
      { lastMsn: 22, openParts: 0, endsAt: NOW + 2_800 },
    ],
  ])("%s: the show has come at least that far", (_, liveEdge, target, more) => {
    const after = withMedia(liveEdge, target);
    expect(after).toEqual({ ...liveEdge, ...more });
    expect([isAsNew(after, liveEdge), isAsNew(liveEdge, after)]).toEqual([true, false]);
  });

  test.each([
    ["a part that is already listed", LIVE, part(21, 2)],
    ["an older segment", LIVE, segment(12)],
    ["a part of an ended show", ENDED, part(21, 0)],
  ])("%s does not move it", (_, liveEdge, target) => expect(withMedia(liveEdge, target)).toBe(liveEdge));

  test("and the directives for the newest place then name that part", () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(4), (msn, index) => {
        const after = withMedia(LIVE, part(msn, index));
        expect(covers(after, { msn, part: index })).toBe(true);
        if (after !== LIVE) expect(newest(after)).toEqual({ msn, part: index });
      }),
    );
  });
});

test("of two places the later one is found, and a segment without a part counts as its first part", () => {
  const [a, b, c] = [{ msn: 21 }, { msn: 21, part: 3 }, { msn: 22 }];
  for (const [earlier, last] of [
    [a, b],
    [b, c],
    [a, c],
  ] as const) {
    expect([later(earlier, last), later(last, earlier)]).toEqual([last, last]);
  }
});

test("a first list is handed out once its third segment is whole", () => {
  expect(firstPublished(LIVE)).toEqual({ msn: 12, part: 4 });
  expect(firstPublished(PLAIN)).toEqual({ msn: 12 });
});

test("a part is due soon if it is one of the next five, as many as a segment has", () => {
  const soon = (edge: LiveEdge) =>
    [21, 22].flatMap((msn) =>
      [0, 1, 2, 3, 4, 5].filter((part) => isSoon(edge, { msn, part })).map((part) => `${msn}.${part}`),
    );
  expect(soon(LIVE)).toEqual(["21.3", "21.4", "22.0", "22.1", "22.2"]);
  expect(soon(ENDED)).toEqual([]);
});

test("parts are numbered through all segments", () => {
  expect([0, 4].map((part) => ordinalOf(LIVE, { msn: 21, part }))).toEqual([105, 109]);
});

test("a delta update of a list can be merged by clients that have what its newest six segments follow", () => {
  expect([14, 15, 16].map((msn) => mayMerge(LIVE, { msn, skip: true }))).toEqual([false, true, true]);
  expect(mayMerge(LIVE, { skip: true })).toBe(true);
  expect(mayMerge(LIVE, { msn: 3 })).toBe(true);
  // An ended list is sent whole.
  expect(mayMerge(ENDED, { msn: 3, skip: true })).toBe(true);
});

test("of a former timeline, its init segment and the segments within its bounds are media of the show", () => {
  const edge = { ...LIVE, former: [{ epoch: "mwq4aaaa", firstMsn: 3, lastMsn: 9 }] };
  const segment = (msn: number, epoch = "mwq4aaaa") => ({ kind: "segment", epoch, msn });
  expect([2, 3, 9, 10].map((msn) => isFormer(edge, segment(msn)))).toEqual([false, true, true, false]);
  expect(isFormer(edge, segment(3, "mwq4aaab"))).toBe(false);
  expect(isFormer(edge, { kind: "init", epoch: "mwq4aaaa" })).toBe(true);
  expect(isFormer(edge, { ...segment(3), kind: "part" })).toBe(false);
  expect(isFormer(edge, { kind: "rewind", epoch: "mwq4aaaa" })).toBe(false);
});
