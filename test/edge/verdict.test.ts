import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge } from "../../src/edge/verdict.ts";
import type { LiveEdge } from "../../src/live-edge.ts";
import type { Directives } from "../../src/media.ts";
import type { Target } from "../../src/paths.ts";
import { ENDED, EPOCH, LIVE, NOW, PLAIN } from "../kit/live-edges.ts";

/** What the edge refuses by the live edge alone, and what it asks the origin for. */

/** Segment 21 has just begun. */
const FRESH: LiveEdge = { ...LIVE, openParts: 0 };

/** The show's second timeline. */
const ANEW: LiveEdge = { ...LIVE, former: [{ epoch: "mwq4aaaa", firstMsn: 3, lastMsn: 9 }] };

describe("media that can not exist is not asked for", () => {
  const list = (directives: Directives): Target => ({ kind: "playlist", id: "x", epoch: EPOCH, directives });
  const rewind = (directives: Directives): Target =>
    ({ ...list(directives), kind: "rewind", from: "live" }) as Target;
  const part = (msn: number, index: number): Target => ({ kind: "part", id: "x", epoch: EPOCH, msn, index });
  const segment = (msn: number): Target => ({ kind: "segment", id: "x", epoch: EPOCH, msn });

  test.each<[string, LiveEdge, number, Target, string]>([
    ["the multivariant playlist", LIVE, 0, { kind: "multivariant", id: "x" }, "ask"],
    ["a list of another epoch", LIVE, 0, { ...list({}), epoch: "aaaaaaaa" } as Target, "other_epoch"],
    ["a part of another epoch", LIVE, 0, { ...part(20, 0), epoch: "aaaaaaaa" } as Target, "other_epoch"],
    ["a plain list", LIVE, 0, list({}), "ask"],
    ["a list two segments ahead", LIVE, -1_000, list({ msn: 22 }), "ask"],
    ["a list three segments ahead", LIVE, -1_000, list({ msn: 23 }), "bad_directive"],
    ["a list three segments ahead, when the show may have come so far", LIVE, 800, list({ msn: 23 }), "ask"],
    [
      "a list whose part is beyond the last segment that may be asked for",
      LIVE,
      -1_000,
      list({ msn: 22, part: 5 }),
      "bad_directive",
    ],
    ["a part 3 s ahead", FRESH, -1_000, list({ msn: 22, part: 2 }), "ask"],
    ["a part more than 3 s ahead", FRESH, -1_000, list({ msn: 22, part: 3 }), "bad_directive"],
    [
      "a part more than 3 s ahead, when the show may have come so far",
      FRESH,
      -600,
      list({ msn: 22, part: 3 }),
      "ask",
    ],
    [
      "a part of a list without parts",
      { ...PLAIN, openParts: 0 },
      -1_000,
      list({ msn: 22, part: 99 }),
      "ask",
    ],
    ["a list three segments ahead of the end", ENDED, 0, list({ msn: 23 }), "ask"],
    ["a listed part", LIVE, 0, part(20, 4), "ask"],
    ["a part that no segment has", LIVE, 0, part(20, 5), "no_such_media"],
    ["the newest part", LIVE, 0, part(21, 2), "ask"],
    ["the hinted part", LIVE, -1_000, part(21, 3), "ask"],
    ["the part after the hinted one", LIVE, -1_000, part(21, 4), "no_such_media"],
    ["the part after the hinted one, when clocks may differ by that much", LIVE, -600, part(21, 4), "ask"],
    ["the next segment's part", LIVE, -201, part(22, 0), "no_such_media"],
    ["the next segment's part, when it may be next", LIVE, -200, part(22, 0), "ask"],
    ["a part that is a minute ahead", LIVE, 0, part(52, 0), "no_such_media"],
    ["a part that was a minute ahead, a minute later", LIVE, 60_000, part(52, 0), "ask"],
    ["a part after the end", ENDED, 60_000, part(21, 0), "no_such_media"],
    ["a part that has just left the list", LIVE, 0, part(6, 0), "ask"],
    ["a part that left the list long ago", LIVE, 0, part(5, 0), "no_such_media"],
    ["a segment from the beginning", LIVE, 0, segment(0), "ask"],
    ["the oldest segment", { ...LIVE, oldestMsn: 7 }, 0, segment(7), "ask"],
    [
      "a number that no segment of the timeline has",
      { ...LIVE, oldestMsn: 7 },
      0,
      segment(6),
      "no_such_media",
    ],
    ["the last segment", LIVE, 0, segment(20), "ask"],
    ["the open segment", LIVE, -600, segment(21), "no_such_media"],
    ["the open segment, when it may be whole", LIVE, -200, segment(21), "ask"],
    ["a segment after the end", ENDED, 60_000, segment(21), "no_such_media"],
    ["a rewind list three segments ahead", LIVE, -1_000, rewind({ msn: 23 }), "bad_directive"],
    ["a rewind list", LIVE, 0, rewind({ msn: 20, skip: true }), "ask"],
    ["a segment of an earlier timeline", ANEW, 0, { ...segment(3), epoch: "mwq4aaaa" } as Target, "ask"],
    [
      "the last segment of an earlier timeline",
      ANEW,
      0,
      { ...segment(9), epoch: "mwq4aaaa" } as Target,
      "ask",
    ],
    [
      "a segment after the last of an earlier timeline",
      ANEW,
      0,
      { ...segment(10), epoch: "mwq4aaaa" } as Target,
      "other_epoch",
    ],
    [
      "a segment before the first of an earlier timeline",
      ANEW,
      0,
      { ...segment(2), epoch: "mwq4aaaa" } as Target,
      "other_epoch",
    ],
    ["the init segment of an earlier timeline", ANEW, 0, { kind: "init", id: "x", epoch: "mwq4aaaa" }, "ask"],
    ["a part of an earlier timeline", ANEW, 0, { ...part(3, 0), epoch: "mwq4aaaa" } as Target, "other_epoch"],
    ["a list of an earlier timeline", ANEW, 0, { ...rewind({}), epoch: "mwq4aaaa" } as Target, "other_epoch"],
    [
      "a segment of a timeline that the show never had",
      ANEW,
      0,
      { ...segment(3), epoch: "mwq4aaab" } as Target,
      "other_epoch",
    ],
  ])("%s", (_what, liveEdge, later, target, verdict) => {
    expect(judge(liveEdge, target, NOW + later)?.code ?? "ask").toBe(verdict);
  });

  test("a live edge, however old, never refuses media that exists by now", () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(400), (age, ordinal) => {
        const listed = 21 * 5 + 3 + Math.floor(age / 400);
        const asked = Math.max(30, listed - ordinal);
        expect(judge(LIVE, part(Math.floor(asked / 5), asked % 5), NOW + age)).toBeNull();
      }),
    );
  });

  test("and it lets only a handful of media pass that does not exist yet", () => {
    const possible = new Set<number>();
    for (let ordinal = 108; ordinal < 10_000; ordinal++) {
      if (judge(LIVE, part(Math.floor(ordinal / 5), ordinal % 5), NOW) === null) possible.add(ordinal);
    }
    expect(possible.size).toBeLessThanOrEqual(3);
  });
});
