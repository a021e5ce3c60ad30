import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DateRange, dateRangeTag } from "../../src/hls/date-range.ts";
import { mediaPlaylist } from "../../src/hls/playlist.ts";
import { Segmenter } from "../../src/hls/segmenter.ts";
import {
  addCut,
  emptyWindow,
  endWindow,
  listedEnd,
  listedRanges,
  MOST_KEPT,
  type Window,
  withDateRange,
} from "../../src/hls/window.ts";
import { PROFILES, samples, toMillis } from "../../src/media.ts";
import { EPOCH, FIRST_MSN, frame, names, STARTED_AT, windowAfter } from "../kit/show.ts";

/** Events of a show stand in its lists: which ones, for how long, and always in the words in which they first stood there. */

const START = { epoch: EPOCH, startedAt: STARTED_AT, msn: FIRST_MSN, at: samples(0) };

/** An event that happens while `window` is the newest. */
function eventRange(window: Window, id: number): Omit<DateRange, "listed"> {
  const at = window.startedAt + toMillis(listedEnd(window)) + 100;
  return { id: String(id), at, attributes: { "X-KIND": "marker", "X-TITLE": `Mark ${id}` } };
}

const idsOf = (window: Window) => listedRanges(window).map(({ id }) => id);
const cut = (window: Window) => {
  const { open, profile } = window;
  if (open === null) throw new Error("it has ended");
  const duration = samples(profile.partUnits * 1024);
  const part = {
    msn: open.msn,
    index: open.parts.length,
    at: listedEnd(window),
    duration,
    bytes: new Uint8Array(),
  };
  return addCut(window, { part, closes: part.index === profile.segmentUnits / profile.partUnits - 1 });
};

describe("a date range's line", () => {
  test.each<[string, Record<string, string | number>, string]>([
    ["text and a number", { "X-KIND": "host-on", "X-HOSTS": 2 }, 'X-KIND="host-on",X-HOSTS=2'],
    [
      "text that would end the line",
      { "X-TITLE": 'A "B"\r\n#EXT-X-ENDLIST {$x}' },
      'X-TITLE="A ″B″ #EXT-X-ENDLIST { $x}"',
    ],
    ["an empty text", { "X-ON-AIR": "" }, 'X-ON-AIR=""'],
  ])("has %s", (_, attributes, text) => {
    const range = { id: "7", at: STARTED_AT + 0.4, listed: samples(0), attributes };
    expect(dateRangeTag(range)).toBe(
      `#EXT-X-DATERANGE:ID="7",CLASS="earshot",START-DATE="2026-11-21T20:00:00.000Z",DURATION=0,${text}`,
    );
  });
});

test("an event stands in the lists that have more media than when it happened, and in the ended list", () => {
  const before = windowAfter(PROFILES.low, 4 * 90, { live: true });
  const after = withDateRange(before, eventRange(before, 1));
  expect(mediaPlaylist(after, names)).toBe(mediaPlaylist(before, names));
  expect(idsOf(cut(after))).toEqual(["1"]);
  expect(mediaPlaylist(cut(after), names)).toMatch(/#EXT-X-MAP.*\n#EXT-X-DATERANGE:ID="1".*\n#EXT-X-PROGRAM/);
  expect(idsOf(endWindow(after))).toEqual(["1"]);
});

test("an event leaves with the segment in which it lies", () => {
  let window = windowAfter(PROFILES.low, 4 * 90, { live: true });
  const { msn = 0 } = window.open ?? {};
  window = withDateRange(window, eventRange(window, 1));
  for (window = cut(window); window.firstMsn <= msn; window = cut(window))
    expect(idsOf(window)).toEqual(["1"]);
  expect(idsOf(window)).toEqual([]);
  expect(window.dateRanges, "and is forgotten").toEqual([]);
});

test("of many events the newest stand in a list, and a window keeps a limited number", () => {
  let window = windowAfter(PROFILES.low, 4 * 90, { live: true });
  for (let id = 1; id <= 100; id++) {
    window = withDateRange(window, eventRange(window, id));
    if (id % 25 === 0) window = cut(window);
    expect(window.dateRanges.length).toBeLessThanOrEqual(MOST_KEPT);
  }
  expect(idsOf(window)).toEqual(Array.from({ length: 16 }, (_, n) => String(85 + n)));
});

test("the list for a part never changes, whatever happens later and even when the window is rebuilt", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(PROFILES.low, PROFILES.economy),
      fc.array(fc.nat(3), { minLength: 60, maxLength: 90 }),
      (profile, counts) => {
        let window = emptyWindow(profile, START);
        const segmenter = new Segmenter(profile, START);
        const cuts = [];
        const stored: DateRange[] = [];
        let [unit, id] = [0, 0];
        for (const count of counts) {
          const made = [];
          while (made.length === 0) made.push(...segmenter.push(frame(unit++)));
          cuts.push(...made);
          window = made.reduce(addCut, window);
          const first = mediaPlaylist(window, names);
          for (let n = 0; n < count; n++) {
            const range = eventRange(window, ++id);
            stored.push({ ...range, listed: listedEnd(window) });
            window = withDateRange(window, range);
            expect(mediaPlaylist(window, names)).toBe(first);
          }
          // As an object that restarts does: from the stored parts and the newest of the stored events.
          const kept = cuts.slice(-40 * (profile.segmentUnits / profile.partUnits));
          const { msn, at } = kept[0]?.part ?? START;
          const anew = emptyWindow(profile, { ...START, msn, at }, { dateRanges: stored.slice(-MOST_KEPT) });
          expect(mediaPlaylist(kept.reduce(addCut, anew), names)).toBe(first);
        }
      },
    ),
    { seed: 20261126, numRuns: 8 },
  );
});
