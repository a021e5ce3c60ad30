import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Decision, decide as decideAt } from "../../src/hls/directives.ts";
import { mediaPlaylist } from "../../src/hls/playlist.ts";
import { liveEdgeOf, skipBoundary, skippedUntil, type Window } from "../../src/hls/window.ts";
import { covers, isDelta, mayMerge, type Position } from "../../src/live-edge.ts";
import { type Directives, PROFILES } from "../../src/media.ts";
import { FIRST_MSN, names, show, windowAfter } from "../kit/show.ts";

/** What a list's directives ask for: they are answered, held or refused (RFC 8216bis section 6.2.5). */

const { low, balanced, economy } = PROFILES;
const READY: Decision = { kind: "ready" };
const wait = (msn: number, part?: number): Decision => ({
  kind: "wait",
  position: part === undefined ? { msn } : { msn, part },
});
const decide = (window: Window, directives: Directives) => decideAt(liveEdgeOf(window), directives);
const holds = (window: Window, position: Position) => covers(liveEdgeOf(window), position);

/**
 * Twenty closed segments (1000 to 1019, of which 1005 to 1019 are listed); segment 1020 has parts 0 to 2 (low) or 0 (balanced).
 */
const LOW = windowAfter(low, 20 * 90 + 3 * 18, { live: true });
const BALANCED = windowAfter(balanced, 20 * 90 + 30, { live: true });
const ECONOMY = windowAfter(economy, 20 * 180 + 60, { live: true });
const LAST = FIRST_MSN + 19;

describe("for low, segment 1020 with parts 0 to 2, a request for", () => {
  const rows: [string, Directives, Decision | "reject"][] = [
    ["no place", {}, READY],
    ["a part that is there", { msn: LAST + 1, part: 2 }, READY],
    ["the next part", { msn: LAST + 1, part: 3 }, wait(LAST + 1, 3)],
    ["the last part of the open segment", { msn: LAST + 1, part: 4 }, wait(LAST + 1, 4)],
    ["a part beyond the open segment's last", { msn: LAST + 1, part: 5 }, wait(LAST + 2, 0)],
    ["many parts beyond the open segment's last", { msn: LAST + 1, part: 99 }, wait(LAST + 2, 0)],
    ["the open segment without a part (Safari): it has one", { msn: LAST + 1 }, READY],
    ["the segment after without a part", { msn: LAST + 2 }, wait(LAST + 2, 0)],
    ["a part of the segment after", { msn: LAST + 2, part: 1 }, wait(LAST + 2, 1)],
    ["the last part of the segment after: 7 after part 2", { msn: LAST + 2, part: 4 }, wait(LAST + 2, 4)],
    ["the first part of the segment after that", { msn: LAST + 2, part: 5 }, "reject"],
    ["more than two after the last segment", { msn: LAST + 3 }, "reject"],
    ["far in the future", { msn: Number.MAX_SAFE_INTEGER, part: 0 }, "reject"],
    ["a closed segment's last part", { msn: LAST, part: 4 }, READY],
    [
      "one part too many of a closed segment (hls.js, VHS): the next one's first is there",
      { msn: LAST, part: 5 },
      READY,
    ],
    ["many parts too many of a closed segment", { msn: LAST - 3, part: 99 }, READY],
    ["a closed segment without a part", { msn: LAST }, READY],
    ["the oldest listed segment", { msn: LAST - 14 }, READY],
    ["a segment that left the list", { msn: LAST - 15, part: 2 }, READY],
    ["a segment from before the show", { msn: 0 }, READY],
    ["skip where none is offered", { skip: true }, READY],
    ["skip and wait where none is offered", { msn: LAST + 1, part: 3, skip: true }, wait(LAST + 1, 3)],
  ];
  test.each(rows)("%s", (_, directives, expected) => check(decide(LOW, directives), expected));

  test("right after a close, one part too many of the closed segment waits for the next one's first", () => {
    const closed = windowAfter(low, 20 * 90, { live: true });
    expect(decide(closed, { msn: LAST, part: 5 })).toEqual(wait(LAST + 1, 0));
    expect(decide(closed, { msn: LAST + 1 })).toEqual(wait(LAST + 1, 0));
    expect(decide(closed, { msn: LAST, part: 4 })).toEqual(READY);
  });
});

describe("for balanced, segment 1020 with part 0, where the limit is 5 parts ahead, a request for", () => {
  const rows: [string, Directives, Decision | "reject"][] = [
    ["the last part of the open segment", { msn: LAST + 1, part: 2 }, wait(LAST + 1, 2)],
    ["a part beyond the open segment's last", { msn: LAST + 1, part: 6 }, wait(LAST + 2, 0)],
    ["five after part 0, in the next segment", { msn: LAST + 2, part: 2 }, wait(LAST + 2, 2)],
    ["six after part 0, in the next segment", { msn: LAST + 2, part: 3 }, "reject"],
  ];
  test.each(rows)("%s", (_, directives, expected) => check(decide(BALANCED, directives), expected));
});

describe("for economy, which lists no parts, a request for", () => {
  const rows: [string, Directives, Decision | "reject"][] = [
    ["no place", {}, READY],
    ["the last segment", { msn: LAST }, READY],
    ["the open segment", { msn: LAST + 1 }, wait(LAST + 1)],
    ["the open segment with a part: parts mean nothing here", { msn: LAST + 1, part: 0 }, wait(LAST + 1)],
    ["the segment after", { msn: LAST + 2 }, wait(LAST + 2)],
    ["the second segment after", { msn: LAST + 3 }, "reject"],
  ];
  test.each(rows)("%s", (_, directives, expected) => check(decide(ECONOMY, directives), expected));
});

describe("a delta update", () => {
  const long = windowAfter(low, 100 * 90 + 18, { live: true });
  const until = skippedUntil(long, skipBoundary(2));
  test("is for clients that can have the segments that it skips", () => {
    // Seven segments are 13.44 s, six are 11.52 s.
    expect(until).toBe(long.firstMsn + 15 - 7);
    const first = until as number;
    expect(isDelta(until, { skip: true })).toBe(true);
    expect(isDelta(until, { msn: long.firstMsn + 15, part: 0, skip: true })).toBe(true);
    expect(isDelta(until, { msn: first, skip: true })).toBe(true);
    // The delta would skip the very segment that is asked for.
    expect(isDelta(until, { msn: first - 1, skip: true })).toBe(false);
    // Section 6.2.5.2: the entire list, even if the segment is no longer in it.
    expect(isDelta(until, { msn: 3, skip: true })).toBe(false);
    expect(isDelta(until, { msn: long.firstMsn + 15, part: 0 })).toBe(false);
  });
  test("does not exist where nothing lies beyond the skip boundary, nor at the end", () => {
    expect(skippedUntil(windowAfter(low, 7 * 90, { live: true }), skipBoundary(2))).toBeNull();
    expect(skippedUntil(windowAfter(low, 100 * 90 + 18), skipBoundary(2))).toBeNull();
    expect(isDelta(null, { skip: true })).toBe(false);
  });
  test("is nothing that the edge takes to be mergeable and the Broadcast does not", () => {
    for (const profile of [low, balanced, economy]) {
      const window = windowAfter(profile, 100 * profile.segmentUnits, { live: true });
      const first = skippedUntil(window, skipBoundary(profile.targetDuration)) ?? window.firstMsn;
      const edge = liveEdgeOf(window);
      for (let msn = edge.firstMsn - 1; msn <= edge.lastMsn + 2; msn++) {
        const asked = { skip: true, msn };
        if (mayMerge(edge, asked)) expect(isDelta(first, asked), `${profile.latency} ${msn}`).toBe(true);
      }
      expect(mayMerge(edge, { skip: true, msn: edge.lastMsn - 5 })).toBe(true);
      expect(mayMerge(edge, { skip: true, msn: edge.lastMsn - 6 })).toBe(false);
    }
  });
});

test("an ended list ignores every directive and satisfies every held request", () => {
  const ended = windowAfter(low, 20 * 90 + 5);
  for (const directives of [{}, { msn: 1e9 }, { msn: LAST + 9, part: 500 }, { msn: 0, skip: true }]) {
    expect(decide(ended, directives)).toEqual(READY);
  }
  expect(holds(ended, { msn: LAST + 9, part: 3 })).toBe(true);
  const silent = windowAfter(low, 0);
  expect(decide(silent, {})).toEqual(READY);
});

describe("before three segments exist, a request", () => {
  const empty = windowAfter(low, 0, { live: true });
  const two = windowAfter(low, 2 * 90 + 4 * 18, { live: true });
  test("without directives is held until the third is closed", () => {
    expect(decide(empty, {})).toEqual(wait(FIRST_MSN + 2, 4));
    expect(decide(two, {})).toEqual(wait(FIRST_MSN + 2, 4));
    expect(decide(windowAfter(economy, 0, { live: true }), {})).toEqual(wait(FIRST_MSN + 2));
  });
  test("for something earlier is held for it too, though the earlier media exists", () => {
    expect(decide(two, { msn: FIRST_MSN, part: 0 })).toEqual(wait(FIRST_MSN + 2, 4));
  });
  test("for something later is held for that, and one for too much is refused", () => {
    expect(decide(two, { msn: FIRST_MSN + 3, part: 1 })).toEqual(wait(FIRST_MSN + 3, 1));
    expect(decide(empty, { msn: FIRST_MSN })).toEqual(wait(FIRST_MSN + 2, 4));
    expect(decide(empty, { msn: FIRST_MSN + 1 })).toEqual(wait(FIRST_MSN + 2, 4));
    check(decide(empty, { msn: FIRST_MSN + 2 }), "reject");
    check(decide(empty, { msn: FIRST_MSN + 1, part: 5 }), "reject");
  });
  test("that waits for the third is released by it", () => {
    const three = windowAfter(low, 3 * 90, { live: true });
    expect(holds(three, { msn: FIRST_MSN + 2, part: 4 })).toBe(true);
    expect(decide(three, {})).toEqual(READY);
  });
});

test("a held request is released by the first window that satisfies it, and by no earlier one", () => {
  const profile = fc.constantFrom(low, balanced, economy);
  const property = fc.property(
    profile,
    fc.integer({ min: -3, max: 12 }),
    fc.option(fc.nat(12), { nil: undefined }),
    fc.nat(60),
    fc.boolean(),
    (profile, ahead, part, from, skip) => {
      const { windows } = show(profile, 14 * profile.segmentUnits + 7);
      const msn = FIRST_MSN + ahead;
      const directives = { msn, ...(part !== undefined && { part }), skip };
      const start = windows[from];
      if (start === undefined) return;
      const decision = decide(start, directives);
      if (decision.kind !== "wait") return;
      for (const window of windows.slice(from)) {
        const now = decide(window, directives);
        expect(now.kind).toBe(holds(window, decision.position) ? "ready" : "wait");
        // The place that it waited for is really in the list that it then gets.
        if (now.kind === "ready" && !window.ended && decision.position.part !== undefined) {
          const { msn, part } = decision.position;
          const list = mediaPlaylist(window, names);
          expect(list).toMatch(new RegExp(`"${msn}\\.${part}\\.m4s"|\n(${msn}|[0-9]+)\\.m4s`));
        }
      }
      expect(holds(windows.at(-1) ?? start, decision.position)).toBe(true);
    },
  );
  fc.assert(property, { seed: 11, numRuns: 150 });
});

function check(decision: Decision, expected: Decision | "reject"): void {
  if (expected === "reject") expect(decision.kind).toBe("reject");
  else expect(decision).toEqual(expected);
}
