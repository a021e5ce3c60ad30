import { describe, expect, test } from "vitest";
import { type List, readList } from "../../../bench/load/list.ts";
import { Player } from "../../../bench/load/player.ts";

/** The load tool's player: where it joins, when it stalls, and how it reads a list. */

const PART = 640;
/** The date of the first sample. */
const ZERO = 1_800_000_000_000;

/** A list with the parts from `from` up to, but not including, `to`. */
function parts(from: number, to: number, over: Partial<List> = {}): List {
  const media = Array.from({ length: to - from }, (_, n) => ({
    name: `p${from + n}`,
    at: ZERO + (from + n) * PART,
    duration: PART,
    msn: Math.floor((from + n) / 3),
    part: (from + n) % 3,
    range: null,
  }));
  return {
    media,
    init: "init.mp4",
    holdBack: 3 * PART,
    targetDuration: 2_000,
    reload: "x",
    ended: false,
    ...over,
  };
}

const named = (media: readonly { name: string }[]) => media.map(({ name }) => name);

describe("joining", () => {
  test("starts at its hold-back from the end of the list", () => {
    expect(named(new Player().take(parts(0, 12)))).toEqual(["p9", "p10", "p11"]);
  });

  test("with a hold-back inside a part, starts with that part", () => {
    expect(named(new Player().take(parts(0, 12, { holdBack: 3 * PART + 1 })))).toHaveLength(4);
  });

  test("takes a list whole that is shorter than the hold-back", () => {
    expect(named(new Player().take(parts(5, 7)))).toEqual(["p5", "p6"]);
  });

  test("takes from later lists only what is new in them, once", () => {
    const player = new Player();
    player.take(parts(0, 12));
    expect(named(player.take(parts(1, 13)))).toEqual(["p12"]);
    expect(player.take(parts(1, 13))).toEqual([]);
    expect(named(player.take(parts(4, 16)))).toEqual(["p13", "p14", "p15"]);
  });
});

describe("the buffer", () => {
  /** A player that received three parts at `joined` and the following ones at the given times, ms after it. */
  function played(arrivals: readonly number[], leaves: number) {
    const player = new Player();
    const joined = ZERO + 12 * PART;
    for (const media of player.take(parts(0, 12))) player.receive(media, joined);
    for (const [n, arrival] of arrivals.entries()) {
      for (const media of player.take(parts(0, 13 + n))) player.receive(media, joined + arrival);
    }
    return { ...player.leave(joined + leaves), latency: player.latency };
  }

  test("does not stall while parts come before it is empty", () => {
    expect(played([700, 1_300, 1_900], 3_800)).toEqual({ stalls: 0, stalledFor: 0, latency: 1_920 });
  });

  test("stalls once for a part that comes 100 ms late, and the listener stays behind by as much", () => {
    expect(played([2_020], 2_600)).toEqual({ stalls: 1, stalledFor: 100, latency: 2_020 });
  });

  test("does not stall for a part that comes just in time", () => {
    expect(played([1_920], 2_500).stalls).toBe(0);
  });

  test("has stalled where a listener leaves while it is empty", () => {
    expect(played([], 2_420)).toMatchObject({ stalls: 1, stalledFor: 500 });
  });

  test("stalls for the length of media that can not be fetched, and the player does not catch up", () => {
    const player = new Player();
    const [a, b, c] = player.take(parts(0, 12));
    if (!a || !b || !c) throw new Error("three parts were to be taken");
    player.receive(a, ZERO);
    player.lose(b);
    player.receive(c, ZERO + 100);
    expect(player.leave(ZERO + 200)).toEqual({ stalls: 1, stalledFor: PART });
  });

  test("does not stall before the first media, for nothing is heard yet", () => {
    const player = new Player();
    player.take(parts(0, 12));
    expect(player.hasStarted).toBe(false);
    expect(player.leave(ZERO + 99_000)).toEqual({ stalls: 0, stalledFor: 0 });
  });
});

describe("lists", () => {
  const HEAD = [
    "#EXTM3U",
    "#EXT-X-TARGETDURATION:2",
    "#EXT-X-MEDIA-SEQUENCE:7",
    '#EXT-X-MAP:URI="init.mp4"',
    "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z",
  ];

  test("parts take the place of the segments that list them", () => {
    const list = readList(
      [
        ...HEAD,
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.920,HOLD-BACK=6.000",
        "#EXTINF:1.920,",
        "s7.m4s",
        "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:01.920Z",
        '#EXT-X-PART:DURATION=0.640,URI="p8.0.m4s",INDEPENDENT=YES',
        '#EXT-X-PART:DURATION=1.280,URI="p8.1.m4s",INDEPENDENT=YES',
        "#EXTINF:1.920,",
        "s8.m4s",
        "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:03.840Z",
        '#EXT-X-PART:DURATION=0.640,URI="p9.0.m4s",INDEPENDENT=YES',
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p9.1.m4s"',
      ].join("\n"),
    );
    expect(list.media).toEqual([
      { name: "s7.m4s", at: ZERO, duration: 1_920, msn: 7, part: null, range: null },
      { name: "p8.0.m4s", at: ZERO + 1_920, duration: 640, msn: 8, part: 0, range: null },
      { name: "p8.1.m4s", at: ZERO + 2_560, duration: 1_280, msn: 8, part: 1, range: null },
      { name: "p9.0.m4s", at: ZERO + 3_840, duration: 640, msn: 9, part: 0, range: null },
    ]);
    expect(list).toMatchObject({ reload: "_HLS_msn=9&_HLS_part=1", holdBack: 1_920, init: "init.mp4" });
  });

  test("without parts there is no blocking reload, and the hold-back is three target durations", () => {
    const list = readList([...HEAD, "#EXTINF:3.84,", "s7.m4s", "#EXT-X-ENDLIST"].join("\n"));
    expect(list).toMatchObject({ reload: null, holdBack: 6_000, targetDuration: 2_000, ended: true });
  });

  /** A list like those of other servers: sessions in URIs, gaps, dates from a clock, parts as byte ranges of their segment. */
  const foreign = (date: string) =>
    [
      ...HEAD.slice(0, 3),
      "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0,CAN-SKIP-UNTIL=12.0",
      '#EXT-X-MAP:URI="a_init.mp4?session=1"',
      "#EXT-X-GAP",
      "#EXTINF:2.0,",
      "gap.mp4",
      "#EXTINF:2.0,",
      "a_8.mp4?session=1",
      `#EXT-X-PROGRAM-DATE-TIME:${date}`,
      '#EXT-X-PART:DURATION=1.0,URI="a_9.mp4?session=1",BYTERANGE="100@0"',
      '#EXT-X-PART:DURATION=1.0,URI="a_9.mp4?session=1",BYTERANGE="50"',
      "#EXTINF:2.0,",
      "#EXT-X-BYTERANGE:150@0",
      "a_9.mp4?session=1",
      // 12 ms before the last part's end.
      "#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:03.988Z",
      '#EXT-X-PART:DURATION=1.0,URI="a_10.mp4?session=1",BYTERANGE="70@0"',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="a_10.mp4?session=1",BYTERANGE-START=70',
    ].join("\r\n");

  test("of other servers are read: gaps are left out, and segments before the first date are dated back from it", () => {
    const list = readList(foreign("2027-01-15T08:00:02.000Z"));
    const of = (msn: number, part: number | null, at: number, range: string | null) => {
      const duration = part === null ? 2_000 : 1_000;
      return { name: `a_${msn}.mp4?session=1`, at: ZERO + at, duration, msn, part, range };
    };
    expect(list.media).toEqual([
      of(8, null, 0, null),
      of(9, 0, 2_000, "bytes=0-99"),
      of(9, 1, 3_000, "bytes=100-149"),
      of(10, 0, 3_988, "bytes=0-69"),
    ]);
    expect(list).toMatchObject({ reload: "_HLS_msn=10&_HLS_part=1", init: "a_init.mp4?session=1" });
  });

  test("with overlapping dates lose nothing: what is new is known by its sequence number", () => {
    const { media, ...list } = readList(foreign("2027-01-15T08:00:02.000Z"));
    const player = new Player();
    expect(player.take({ ...list, media: media.slice(0, 3) }).map(({ msn, part }) => [msn, part])).toEqual([
      [9, 1],
    ]);
    expect(player.take({ ...list, media }).map(({ msn, part }) => [msn, part])).toEqual([[10, 0]]);
  });

  test("without dates are refused, for the lateness of their media would be unknown", () => {
    const text = foreign("2027-01-15T08:00:02.000Z").replaceAll(/#EXT-X-PROGRAM-DATE-TIME:.*/g, "");
    expect(() => readList(text)).toThrow("a playlist without dates");
  });

  test("that are no live playlists are refused", () => {
    expect(() => readList("<html>")).toThrow("not a playlist");
    expect(() => readList("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx.m3u8")).toThrow("not a live playlist");
  });
});
