import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalDirectives,
  covers,
  type Horizon,
  isAsNew,
  judge,
  newest,
  reached,
  readHorizon,
  writeHorizon,
} from "../src/horizon.ts";
import type { Directives } from "../src/media.ts";
import type { Target } from "../src/paths.ts";

const EPOCH = "mwq4uj3r";
const NOW = 1_800_000_000_000;
/** Segments 10 to 20 are listed, three parts of 21 are there, two more make it whole; clocks may differ by 1 s. */
const LIVE: Horizon = {
  epoch: EPOCH,
  ended: false,
  firstMsn: 10,
  lastMsn: 20,
  openParts: 3,
  partsPerSegment: 5,
  partMillis: 400,
  listsParts: true,
  endsAt: NOW,
};
/** Segment 21 has just begun. */
const FRESH: Horizon = { ...LIVE, openParts: 0 };
const ENDED: Horizon = { ...LIVE, ended: true, openParts: 0 };
const PLAIN: Horizon = { ...LIVE, listsParts: false };

describe("the header", () => {
  test("is read back as it was written", () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.nat(),
        fc.nat(),
        fc.nat(99),
        fc.integer({ min: 1, max: 99 }),
        (ended, first, length, openParts, partsPerSegment) => {
          const horizon = {
            ...LIVE,
            ended,
            firstMsn: first,
            lastMsn: first + length - 1,
            openParts,
            partsPerSegment,
          };
          expect(readHorizon(writeHorizon(horizon))).toEqual(horizon);
        },
      ),
    );
  });

  test.each([null, "", "x", "mwq4uj3r;live;1;2;3;4;5;parts", "mwq4uj3r;gone;1;2;3;4;5;parts;6"])(
    "%s is none",
    (header) => expect(readHorizon(header)).toBeNull(),
  );
});

describe("what can not be there is not asked for", () => {
  const list = (directives: Directives): Target => ({ kind: "playlist", id: "x", epoch: EPOCH, directives });
  const part = (msn: number, index: number): Target => ({ kind: "part", id: "x", epoch: EPOCH, msn, index });
  const segment = (msn: number): Target => ({ kind: "segment", id: "x", epoch: EPOCH, msn });

  test.each<[string, Horizon, number, Target, string]>([
    ["the multivariant playlist", LIVE, 0, { kind: "multivariant", id: "x" }, "ask"],
    ["another epoch's list", LIVE, 0, { ...list({}), epoch: "aaaaaaaa" } as Target, "other-epoch"],
    ["another epoch's part", LIVE, 0, { ...part(20, 0), epoch: "aaaaaaaa" } as Target, "other-epoch"],
    ["a plain list", LIVE, 0, list({}), "ask"],
    ["a list two segments ahead", LIVE, -1_000, list({ msn: 22 }), "ask"],
    ["a list three ahead", LIVE, -1_000, list({ msn: 23 }), "too-far-ahead"],
    ["the same, when the show may have come so far", LIVE, 800, list({ msn: 23 }), "ask"],
    [
      "a list whose part is beyond the last segment that may be asked for",
      LIVE,
      -1_000,
      list({ msn: 22, part: 5 }),
      "too-far-ahead",
    ],
    ["a part 3 s ahead", FRESH, -1_000, list({ msn: 22, part: 2 }), "ask"],
    ["a part more than 3 s ahead", FRESH, -1_000, list({ msn: 22, part: 3 }), "too-far-ahead"],
    ["the same, when the show may have come so far", FRESH, -600, list({ msn: 22, part: 3 }), "ask"],
    [
      "a part of a list without parts",
      { ...PLAIN, openParts: 0 },
      -1_000,
      list({ msn: 22, part: 99 }),
      "ask",
    ],
    ["a list three ahead of the end", ENDED, 0, list({ msn: 23 }), "ask"],
    ["a listed part", LIVE, 0, part(20, 4), "ask"],
    ["a part that no segment has", LIVE, 0, part(20, 5), "no-such-media"],
    ["the newest part", LIVE, 0, part(21, 2), "ask"],
    ["the hinted part", LIVE, -1_000, part(21, 3), "ask"],
    ["the part after it", LIVE, -1_000, part(21, 4), "no-such-media"],
    ["the part after it, when clocks may differ by that", LIVE, -600, part(21, 4), "ask"],
    ["the next segment's part", LIVE, -201, part(22, 0), "no-such-media"],
    ["the next segment's part, when it may be next", LIVE, -200, part(22, 0), "ask"],
    ["a part of a minute ahead", LIVE, 0, part(52, 0), "no-such-media"],
    ["the same, a minute later", LIVE, 60_000, part(52, 0), "ask"],
    ["a part after the end", ENDED, 60_000, part(21, 0), "no-such-media"],
    ["a part that has just left", LIVE, 0, part(6, 0), "ask"],
    ["a part long gone", LIVE, 0, part(5, 0), "no-such-media"],
    ["a segment from the beginning", LIVE, 0, segment(0), "ask"],
    ["the last segment", LIVE, 0, segment(20), "ask"],
    ["the open segment", LIVE, -600, segment(21), "no-such-media"],
    ["the open segment, when it may be whole", LIVE, -200, segment(21), "ask"],
    ["a segment after the end", ENDED, 60_000, segment(21), "no-such-media"],
  ])("%s", (_what, horizon, later, target, verdict) => {
    expect(judge(horizon, target, NOW + later)).toBe(verdict);
  });

  test("a horizon however old never refuses what is there by now", () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(400), (age, ordinal) => {
        const listed = 21 * 5 + 3 + Math.floor(age / 400);
        const asked = Math.max(30, listed - ordinal);
        expect(judge(LIVE, part(Math.floor(asked / 5), asked % 5), NOW + age)).toBe("ask");
      }),
    );
  });

  test("and lets pass only a handful of what is not", () => {
    const possible = new Set<number>();
    for (let ordinal = 108; ordinal < 10_000; ordinal++) {
      if (judge(LIVE, part(Math.floor(ordinal / 5), ordinal % 5), NOW) === "ask") possible.add(ordinal);
    }
    expect(possible.size).toBeLessThanOrEqual(3);
  });
});

describe("directives that mean the same have one form", () => {
  test.each<[string, Horizon, Directives, Directives]>([
    ["none", LIVE, {}, {}],
    ["a skip alone", LIVE, { skip: true }, {}],
    ["a part, with a skip", LIVE, { msn: 21, part: 3, skip: true }, { msn: 21, part: 3 }],
    ["a segment, part unsaid", LIVE, { msn: 22 }, { msn: 22, part: 0 }],
    ["beyond a segment's last part", LIVE, { msn: 21, part: 5 }, { msn: 22, part: 0 }],
    ["anything, when it has ended", ENDED, { msn: 99, part: 7 }, {}],
    ["a segment of a list without parts", PLAIN, { msn: 21, part: 3 }, { msn: 21 }],
  ])("%s", (_what, horizon, directives, form) => {
    expect(canonicalDirectives(horizon, directives)).toEqual(form);
  });

  test.each<[string, Horizon, Directives, boolean]>([
    ["nothing", LIVE, {}, true],
    ["a segment long listed", LIVE, { msn: 3, part: 2 }, true],
    ["the newest part", LIVE, { msn: 21, part: 2 }, true],
    ["the next part", LIVE, { msn: 21, part: 3 }, false],
    ["the next segment", LIVE, { msn: 22, part: 0 }, false],
    ["anything, when it has ended", ENDED, { msn: 99, part: 0 }, true],
    ["the last segment of a list without parts", PLAIN, { msn: 20 }, true],
    ["the open segment of one", PLAIN, { msn: 21 }, false],
  ])("%s is held by the list, or not", (_what, horizon, directives, held) => {
    expect(covers(horizon, directives)).toBe(held);
  });

  test.each([LIVE, { ...LIVE, openParts: 0 }, PLAIN])(
    "the newest that is known is listed, and the next is not",
    (horizon) => {
      const { msn = 0, part } = newest(horizon);
      expect(covers(horizon, { msn, ...(part === undefined ? {} : { part }) })).toBe(true);
      const next =
        part === undefined ? { msn: msn + 1 } : canonicalDirectives(horizon, { msn, part: part + 1 });
      expect(covers(horizon, next)).toBe(false);
    },
  );
});

describe("what media that was had tells of the horizon", () => {
  const part = (msn: number, index: number, epoch = EPOCH): Target => ({
    kind: "part",
    id: "a",
    epoch,
    msn,
    index,
  });
  const segment = (msn: number): Target => ({ kind: "segment", id: "a", epoch: EPOCH, msn });

  test.each([
    ["the hinted part", LIVE, part(21, 3), { openParts: 4, endsAt: NOW + 400 }],
    ["a segment's last part", LIVE, part(21, 4), { lastMsn: 21, openParts: 0, endsAt: NOW + 800 }],
    ["the next segment's first part", LIVE, part(22, 0), { lastMsn: 21, openParts: 1, endsAt: NOW + 1_200 }],
    ["the segment being made", LIVE, segment(21), { lastMsn: 21, openParts: 0, endsAt: NOW + 800 }],
    [
      "a segment where there are no parts",
      PLAIN,
      segment(22),
      { lastMsn: 22, openParts: 0, endsAt: NOW + 2_800 },
    ],
  ])("%s: there is so much at least", (_, horizon, target, more) => {
    const after = reached(horizon, target);
    expect(after).toEqual({ ...horizon, ...more });
    expect([isAsNew(after, horizon), isAsNew(horizon, after)]).toEqual([true, false]);
  });

  test.each([
    ["what is listed already", LIVE, part(21, 2)],
    ["an older segment", LIVE, segment(12)],
    ["another timeline's", LIVE, part(30, 0, "mwq4uj3s")],
    ["an ended show's", ENDED, part(21, 0)],
    ["the initialisation segment", LIVE, { kind: "init", id: "a", epoch: EPOCH } as const],
  ])("%s tells nothing", (_, horizon, target) => expect(reached(horizon, target)).toBe(horizon));

  test("and the directives that ask for a list as new ask for that part", () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(4), (msn, index) => {
        const after = reached(LIVE, part(msn, index));
        expect(covers(after, { msn, part: index })).toBe(true);
        if (after !== LIVE) expect(newest(after)).toEqual({ msn, part: index });
      }),
    );
  });
});
