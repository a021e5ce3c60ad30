import { describe, expect, test } from "vitest";
import { dateRangeOf } from "../../src/broadcast/date-ranges.ts";
import type { Event } from "../../src/events.ts";
import { dateRangeTag } from "../../src/hls/date-range.ts";
import { samples } from "../../src/media.ts";
import { readListedEvent, statusAfter } from "../../src/web/listed-events.ts";
import { onAirText } from "../../src/web/people.ts";
import type { KnownStatus } from "../../src/web/status.ts";
import { words } from "../../src/web/words.ts";
import { attributes } from "../validator/list.ts";

/** How a page reads the date ranges in a playlist: with the same result as from a later status.json. */

const SEEN: KnownStatus = {
  title: "First",
  description: "",
  opensAt: null,
  autoOpen: true,
  state: "open",
  replay: false,
  hosts: 0,
  onAir: [],
  line: null,
  listeners: 7,
  error95: null,
  confidence: null,
  meter: null,
  lastEvent: 3,
};
const host = { hostId: "a", name: "Ada" };

/** Writes an event into a playlist's line and reads it back, as the relay writes and the page reads it. */
function read(event: Event) {
  const range = dateRangeOf(event, samples(0));
  if (range === null) return null;
  return readListedEvent(
    Object.fromEntries(attributes(dateRangeTag(range).replace("#EXT-X-DATERANGE:", ""))),
  );
}

function seeing(...events: readonly Event[]): KnownStatus {
  return statusAfter(
    SEEN,
    events.flatMap((event) => read(event) ?? []),
  );
}

describe("from date ranges a page", () => {
  test.each<[string, Event, Partial<KnownStatus>]>([
    ["another title", { id: 4, at: 0, kind: "title", title: 'The "second"' }, { title: "The ″second″" }],
    [
      "who is on the air",
      { id: 4, at: 0, kind: "host-on", host, hosts: 3, onAir: ["Ada", "Ben; and Cy"] },
      { state: "live", hosts: 3, onAir: ["Ada", "Ben, and Cy"], line: "hosts" },
    ],
    [
      "that a muted host has come, who makes nothing live",
      { id: 4, at: 0, kind: "host-on", host, hosts: 1, onAir: [] },
      { hosts: 1, onAir: [], line: "silence" },
    ],
    ["that the show is live", { id: 4, at: 0, kind: "live" }, { state: "live" }],
    [
      "who is on the air when a mute has ended",
      { id: 4, at: 0, kind: "on-air", hosts: 1, onAir: ["Ada"] },
      { state: "live", hosts: 1, onAir: ["Ada"], line: "hosts" },
    ],
    [
      "that only muted hosts are left",
      { id: 4, at: 0, kind: "host-off", host, hosts: 1, onAir: [] },
      { hosts: 1, onAir: [], line: "silence" },
    ],
    [
      "that all have gone",
      { id: 4, at: 0, kind: "host-off", host, hosts: 0, onAir: [] },
      { hosts: 0, onAir: [], line: "silence" },
    ],
    ["that hold audio begins", { id: 4, at: 0, kind: "hold-on" }, { line: "hold" }],
    ["that it is over, and nobody is heard", { id: 4, at: 0, kind: "hold-off" }, { line: "silence" }],
    ["a marker, and shows it nowhere", { id: 4, at: 0, kind: "marker", title: "The vote" }, {}],
  ])("learns %s", (_, event, change) => {
    expect(seeing(event)).toEqual({ ...SEEN, ...change, lastEvent: 4 });
  });

  test("takes no ended show for a live one", () => {
    const on: Event = { id: 4, at: 0, kind: "host-on", host, hosts: 1, onAir: ["Ada"] };
    const range = read(on);
    if (range === null) throw new Error("it is not listed");
    expect(statusAfter({ ...SEEN, state: "ended" }, [range]).state).toBe("ended");
  });

  test("knows that hosts are heard when hold audio ends after the first of them came", () => {
    const on: Event = { id: 4, at: 0, kind: "host-on", host, hosts: 1, onAir: ["Ada"] };
    expect(seeing(on, { id: 5, at: 0, kind: "hold-off" }).line).toBe("hosts");
  });

  test("knows that hold audio goes on over silent hosts, until an event says that it has ended", () => {
    const held: Event = { id: 4, at: 0, kind: "hold-on" };
    const on: Event = { id: 5, at: 0, kind: "host-on", host, hosts: 1, onAir: ["Ada"] };
    const off: Event = { id: 6, at: 0, kind: "host-off", host, hosts: 0, onAir: [] };
    expect(seeing(held, on)).toMatchObject({ hosts: 1, onAir: ["Ada"], line: "hold" });
    expect(seeing(held, on, off)).toMatchObject({ hosts: 0, onAir: [], line: "hold" });
    expect(seeing(held, on, { id: 6, at: 0, kind: "hold-off" }).line).toBe("hosts");
    expect(seeing(held, { id: 5, at: 0, kind: "hold-off" }, { ...on, id: 6 }).line).toBe("hosts");
  });

  test("knows that nobody is heard when hold audio ends beside a muted host", () => {
    const on: Event = { id: 4, at: 0, kind: "host-on", host, hosts: 1, onAir: [] };
    expect(seeing(on, { id: 5, at: 0, kind: "hold-off" }).line).toBe("silence");
  });

  test("says what a show does whose muted host comes before its time and is heard after it", () => {
    const opensAt = "2026-12-01T20:00:00.000Z";
    const told = (events: readonly Event[], now: string) => {
      const status = { ...seeing({ id: 4, at: 0, kind: "hold-on" }, ...events), opensAt };
      const { badge, sentence } = words({ kind: "status", status }, "playing", false, Date.parse(now));
      return [badge, sentence, onAirText(status)];
    };
    const on: Event = { id: 5, at: 0, kind: "host-on", host, hosts: 1, onAir: [] };
    expect(told([on], "2026-12-01T19:50:00Z")).toEqual([
      "Doors open",
      expect.stringMatching(/^Hold music: the show begins at /),
      "",
    ]);
    const heard: Event[] = [
      { id: 6, at: 0, kind: "hold-off" },
      { id: 7, at: 0, kind: "live" },
      { id: 8, at: 0, kind: "on-air", hosts: 1, onAir: ["Ada"] },
    ];
    expect(told([on, ...heard], "2026-12-01T20:00:06Z")).toEqual([
      "Live",
      "You are listening live.",
      "On the air: Ada",
    ]);
  });

  test("takes only what is newer than its status, by the numbers of the events, in whatever order they stand", () => {
    const titled = (id: number, title: string): Event => ({ id, at: 0, kind: "title", title });
    expect(seeing(titled(2, "Old"), titled(3, "As seen"))).toBe(SEEN);
    expect(seeing(titled(5, "Newest"), titled(4, "Newer"))).toEqual({
      ...SEEN,
      title: "Newest",
      lastEvent: 5,
    });
  });

  test("ignores others' date ranges, and kinds that it does not know", () => {
    expect(
      readListedEvent({ ID: "9", CLASS: "com.example.ad", "X-KIND": "title", "X-TITLE": "Buy" }),
    ).toBeNull();
    expect(readListedEvent({ ID: "9", CLASS: "earshot", "X-KIND": "of-tomorrow" })).toBeNull();
    expect(readListedEvent({ ID: "x", CLASS: "earshot", "X-KIND": "title" })).toBeNull();
    expect(read({ id: 4, at: 0, kind: "late" }), "the relay lists what changes on the line alone").toBeNull();
  });
});
