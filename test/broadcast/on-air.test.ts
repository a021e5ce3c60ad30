import { describe, expect, test } from "vitest";
import { notesOf } from "../../src/broadcast/chronicle.ts";
import {
  type AnnouncedRow,
  announce,
  beginAnew,
  close,
  end,
  goLive,
  open,
  type ShowRow,
  sayLate,
} from "../../src/broadcast/lifecycle.ts";
import { OnAir } from "../../src/broadcast/on-air.ts";
import type { Event } from "../../src/events.ts";
import { PROFILES } from "../../src/media.ts";
import { DETAILS } from "../kit/details.ts";

/** What is told of a show: who comes and goes, and the steps of its life. */

const ada = { hostId: "a", name: "Ada" };
const ben = { hostId: "b", name: "Ben" };

describe("who is on the air", () => {
  test("a host is on with its first sound, and off when none has come for 5 s, not in a gap", () => {
    const onAir = new OnAir([], 0);
    expect(onAir.hear([ada], 1_000)).toEqual([{ kind: "host-on", host: ada, onAir: ["Ada"] }]);
    expect(onAir.hear([ada, ben], 2_000)).toEqual([{ kind: "host-on", host: ben, onAir: ["Ada", "Ben"] }]);
    expect(onAir.hear([ben], 7_000)).toEqual([]);
    expect(onAir.hear([ben], 7_001)).toEqual([{ kind: "host-off", host: ada, onAir: ["Ben"] }]);
    expect(onAir.hear([ada, ben], 8_000)).toEqual([{ kind: "host-on", host: ada, onAir: ["Ben", "Ada"] }]);
    expect(onAir.clear()).toEqual([
      { kind: "host-off", host: ben, onAir: ["Ada"] },
      { kind: "host-off", host: ada, onAir: [] },
    ]);
    expect(onAir.clear()).toEqual([]);
  });

  test("a restart is nothing that happens to a host who is heard again, and one who is not is off", () => {
    const past: Event[] = [
      { id: 1, at: 1, kind: "host-on", host: ada, onAir: ["Ada"] },
      { id: 2, at: 2, kind: "host-on", host: ben, onAir: ["Ada", "Ben"] },
      { id: 3, at: 3, kind: "host-off", host: ada, onAir: ["Ben"] },
    ];
    const back = new OnAir(past, 10_000);
    expect(back.hear([], 11_000)).toEqual([]);
    expect(back.hear([ben], 15_000)).toEqual([]);
    const gone = new OnAir(past, 10_000);
    expect(gone.hear([], 15_000)).toEqual([]);
    expect(gone.hear([], 15_001)).toEqual([{ kind: "host-off", host: ben, onAir: [] }]);
  });
});

describe("the steps of a show's life", () => {
  const announced: AnnouncedRow = announce(
    { ...DETAILS, id: "show", latency: "low", bitrate: 128_000, opensAt: "2026-12-01T20:00:00.000Z" },
    0,
  );
  const opened = open(announced, { epoch: "k0000000", startedAt: 0, profile: PROFILES.low });
  const live = goLive(opened);
  const another = { epoch: "k0000001", startedAt: 0, profile: PROFILES.low };

  test.each<[string, ShowRow, ShowRow, unknown[]]>([
    ["nothing", live, live, []],
    ["open", announced, opened, [{ kind: "opened" }]],
    ["live", opened, live, [{ kind: "live" }]],
    ["late", opened, sayLate(opened), [{ kind: "late" }]],
    ["closed", opened, close(opened, 0), [{ kind: "closed" }]],
    ["ended", live, end(live, 9), [{ kind: "ended" }]],
    ["ended unopened", announced, end(announced, 9), [{ kind: "ended" }]],
    ["another title", live, { ...live, title: "B" }, [{ kind: "title", title: "B" }]],
    ["another description", live, { ...live, description: "B" }, []],
    ["begun anew", live, beginAnew(live, another, { at: 1, why: "it stood still" }), [{ kind: "opened" }]],
    ["another time", opened, { ...opened, opensAt: null }, []],
  ])("%s", (_, before, after, notes) => {
    expect(notesOf(before, after)).toEqual(notes);
  });
});
