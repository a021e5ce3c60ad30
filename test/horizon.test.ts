import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalDirectives, type Horizon, judge, readHorizon, writeHorizon } from "../src/horizon.ts";
import type { Directives } from "../src/media.ts";
import type { Target } from "../src/paths.ts";

const EPOCH = "mwq4uj3r";
/** Segments 10 to 20 are listed, three parts of 21 are there, three more make it whole. */
const LIVE: Horizon = {
  epoch: EPOCH,
  ended: false,
  firstMsn: 10,
  lastMsn: 20,
  openParts: 3,
  partsPerSegment: 5,
  partMillis: 384,
  listsParts: true,
};
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

  test.each([null, "", "x", "mwq4uj3r;live;1;2;3;4", "mwq4uj3r;gone;1;2;3;4;5", "mwq4uj3r;live;1;2;3;4;5;6"])(
    "%s is none",
    (header) => expect(readHorizon(header)).toBeNull(),
  );
});

describe("what can not be there is not asked for", () => {
  const list = (directives: Directives): Target => ({ kind: "playlist", id: "x", epoch: EPOCH, directives });
  const part = (msn: number, index: number): Target => ({ kind: "part", id: "x", epoch: EPOCH, msn, index });
  const segment = (msn: number): Target => ({ kind: "segment", id: "x", epoch: EPOCH, msn });

  test.each<[string, Horizon, Target, string]>([
    ["the multivariant playlist", LIVE, { kind: "multivariant", id: "x" }, "ask"],
    ["another epoch's list", LIVE, { ...list({}), epoch: "aaaaaaaa" } as Target, "other-epoch"],
    ["another epoch's part", LIVE, { ...part(20, 0), epoch: "aaaaaaaa" } as Target, "other-epoch"],
    ["a plain list", LIVE, list({}), "ask"],
    ["a list two ahead", LIVE, list({ msn: 22 }), "ask"],
    ["a list three ahead", LIVE, list({ msn: 23 }), "too-far-ahead"],
    ["a list three ahead of the end", ENDED, list({ msn: 23 }), "ask"],
    ["a listed part", LIVE, part(20, 4), "ask"],
    ["a part that no segment has", LIVE, part(20, 5), "no-such-media"],
    ["the newest part", LIVE, part(21, 2), "ask"],
    ["the hinted part", LIVE, part(21, 3), "ask"],
    ["the part after it", LIVE, part(21, 4), "no-such-media"],
    ["the next segment's part", LIVE, part(22, 0), "no-such-media"],
    ["a part after the end", ENDED, part(21, 0), "no-such-media"],
    ["a part that has just left", LIVE, part(6, 0), "ask"],
    ["a part long gone", LIVE, part(5, 0), "no-such-media"],
    ["a segment from the beginning", LIVE, segment(0), "ask"],
    ["the last segment", LIVE, segment(20), "ask"],
    ["the next segment", LIVE, segment(21), "no-such-media"],
  ])("%s", (_what, horizon, target, verdict) => {
    expect(judge(horizon, target)).toBe(verdict);
  });
});

describe("directives that mean the same have one form", () => {
  test.each<[string, Horizon, Directives, Directives]>([
    ["none", LIVE, {}, {}],
    ["a skip alone", LIVE, { skip: true }, {}],
    ["a segment long listed", LIVE, { msn: 3, part: 2 }, {}],
    ["the newest part", LIVE, { msn: 21, part: 2 }, {}],
    ["the next part", LIVE, { msn: 21, part: 3 }, { msn: 21, part: 3 }],
    ["the next part, with a skip", LIVE, { msn: 21, part: 3, skip: true }, { msn: 21, part: 3 }],
    ["the open segment, part unsaid", LIVE, { msn: 21 }, {}],
    ["the next segment, part unsaid", LIVE, { msn: 22 }, { msn: 22, part: 0 }],
    ["beyond the open segment's last part", LIVE, { msn: 21, part: 5 }, { msn: 22, part: 0 }],
    ["beyond the last segment's last part", LIVE, { msn: 20, part: 7 }, {}],
    [
      "beyond it, while the next has no part yet",
      { ...LIVE, openParts: 0 },
      { msn: 20, part: 7 },
      { msn: 21, part: 0 },
    ],
    ["anything, when it has ended", ENDED, { msn: 99, part: 7 }, {}],
    ["a listed segment of a list without parts", PLAIN, { msn: 20, part: 3 }, {}],
    ["the next segment of a list without parts", PLAIN, { msn: 21, part: 3 }, { msn: 21 }],
  ])("%s", (_what, horizon, directives, form) => {
    expect(canonicalDirectives(horizon, directives)).toEqual(form);
  });

  test("there are at most a dozen forms, whatever is asked", () => {
    const forms = new Set<string>();
    for (let msn = 0; msn <= 22; msn++) {
      for (let part = 0; part < 1_000; part += 1) {
        forms.add(JSON.stringify(canonicalDirectives(LIVE, { msn, part })));
      }
    }
    expect(forms.size).toBeLessThanOrEqual(12);
  });
});
