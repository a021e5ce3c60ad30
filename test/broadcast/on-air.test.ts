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
    expect(onAir.hear([{ ...ben, muted: true }], 7_500), "a mute is no event").toEqual([]);
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
