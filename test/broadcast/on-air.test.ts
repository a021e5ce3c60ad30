import { describe, expect, test } from "vitest";
import { OnAir } from "../../src/broadcast/on-air.ts";
import type { Event } from "../../src/events.ts";

/** The events of hosts who come on the air and go off it. */

const named = { a: { hostId: "a", name: "Ada" }, b: { hostId: "b", name: "Ben" } };
const ada = { ...named.a, muted: false };
const ben = { ...named.b, muted: false };

describe("who is on the air", () => {
  test("a host is on with its first sound, and off when none has come for 5 s, not in a gap", () => {
    const onAir = new OnAir([], 0);
    const on = { kind: "host-on" };
    const off = { kind: "host-off" };
    expect(onAir.hear([ada], 1_000)).toEqual([{ ...on, host: named.a, hosts: 1, onAir: ["Ada"] }]);
    expect(onAir.hear([ada, ben, ada], 2_000)).toEqual([
      { ...on, host: named.b, hosts: 2, onAir: ["Ada", "Ben"] },
    ]);
    expect(onAir.hear([ben], 7_000)).toEqual([]);
    expect(onAir.isEmpty).toBe(false);
    expect(onAir.hear([ben], 7_001)).toEqual([{ ...off, host: named.a, hosts: 1, onAir: ["Ben"] }]);
    expect(onAir.hear([{ ...ben, muted: true }], 7_500)).toEqual([{ kind: "on-air", hosts: 1, onAir: [] }]);
    expect(
      onAir.hear([{ ...ada, name: "Ada L." }], 8_000),
      "the mute counts, and the name is the present one",
    ).toEqual([{ ...on, host: { hostId: "a", name: "Ada L." }, hosts: 2, onAir: ["Ada L."] }]);
    expect(onAir.clear()).toEqual([
      { ...off, host: named.b, hosts: 1, onAir: ["Ada L."] },
      { ...off, host: { hostId: "a", name: "Ada L." }, hosts: 0, onAir: [] },
    ]);
    expect([onAir.clear(), onAir.isEmpty]).toEqual([[], true]);
  });

  test("who is on the air is told when a host is muted, heard again or renamed, once and with all others", () => {
    const onAir = new OnAir([], 0);
    const told = (hosts: number, names: readonly string[]) => [{ kind: "on-air", hosts, onAir: names }];
    const muted = { ...ada, muted: true };
    expect(onAir.hear([muted], 1_000)).toEqual([{ kind: "host-on", host: named.a, hosts: 1, onAir: [] }]);
    expect(onAir.hear([muted], 2_000)).toEqual([]);
    expect(onAir.hear([ada], 3_000)).toEqual(told(1, ["Ada"]));
    expect(onAir.hear([ada], 4_000)).toEqual([]);
    const on = { kind: "host-on", host: named.b, hosts: 2, onAir: ["Ben"] };
    expect(onAir.hear([muted, ben], 5_000), "the host who has come tells it").toEqual([on]);
    expect(onAir.hear([{ ...ada, name: "Ada L." }, ben], 6_000)).toEqual(told(2, ["Ada L.", "Ben"]));
    expect(onAir.hear([{ ...muted, name: "Ada" }, ben], 7_000)).toEqual(told(2, ["Ben"]));
    expect(
      onAir.hear([{ ...muted, name: "A." }, ben], 8_000),
      "the name of a muted host is not public",
    ).toEqual([]);
  });

  test("a restart causes no event for a muted host, and tells a mute that came or ended meanwhile", () => {
    const past: Event[] = [
      { id: 1, at: 1, kind: "host-on", host: named.a, hosts: 1, onAir: ["Ada"] },
      { id: 2, at: 2, kind: "host-on", host: named.b, hosts: 2, onAir: ["Ada", "Ben"] },
      { id: 3, at: 3, kind: "on-air", hosts: 2, onAir: ["Ada"] },
    ];
    const back = new OnAir(past, 10_000);
    expect(back.hear([], 11_000)).toEqual([]);
    expect(back.hear([{ ...ben, muted: true }], 12_000)).toEqual([]);
    expect(back.hear([ada], 13_000)).toEqual([]);
    expect(back.hear([ada, ben], 14_000)).toEqual([{ kind: "on-air", hosts: 2, onAir: ["Ada", "Ben"] }]);
    const gone = new OnAir(past, 10_000);
    const off = { kind: "host-off", host: named.a, hosts: 1, onAir: [] };
    expect(gone.hear([{ ...ben, muted: true }], 15_001), "Ben, who is muted, is not named").toEqual([off]);
  });

  test("a restart causes no event for a host who is heard again, and puts one off the air who is not", () => {
    const past: Event[] = [
      { id: 1, at: 1, kind: "host-on", host: named.a, hosts: 1, onAir: ["Ada"] },
      { id: 2, at: 2, kind: "host-on", host: named.b, hosts: 2, onAir: ["Ada", "Ben"] },
      { id: 3, at: 3, kind: "host-off", host: named.a, hosts: 1, onAir: ["Ben"] },
    ];
    const back = new OnAir(past, 10_000);
    expect(back.hear([], 11_000)).toEqual([]);
    expect(back.hear([ben], 15_000)).toEqual([]);
    const gone = new OnAir(past, 10_000);
    expect(gone.hear([], 15_000)).toEqual([]);
    expect(gone.hear([], 15_001)).toEqual([{ kind: "host-off", host: named.b, hosts: 0, onAir: [] }]);
  });
});
