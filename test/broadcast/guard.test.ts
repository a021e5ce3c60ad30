import { describe, expect, test } from "vitest";
import { Guard } from "../../src/broadcast/guard.ts";
import type { HostState } from "../../src/broadcast-api.ts";
import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../../src/media.ts";

/** The warnings of the guard during a show, second by second, on a clock of samples. */

const ANNE = { hostId: "a", name: "Anne" };
const BOB = { hostId: "b", name: "Bob" };

/** One access unit of a sine at an amplitude; 0 is digital silence. */
function unit(at: number, amplitude: number): Float32Array {
  const pcm = new Float32Array(CHANNELS * AU_SAMPLES);
  if (amplitude === 0) return pcm;
  for (let n = 0; n < AU_SAMPLES; n++)
    pcm[2 * n] = pcm[2 * n + 1] = amplitude * Math.sin((2 * Math.PI * 300 * (at + n)) / SAMPLE_RATE);
  return pcm;
}

/** A host's state in a scene. By default packets come, none is missing, and the host's clock is right. */
interface Part {
  readonly state?: HostState["state"];
  readonly amplitude?: number;
  readonly packets?: boolean;
  /** Packets missing of a hundred. */
  readonly missing?: number;
  readonly ppm?: number;
}

interface Scene {
  readonly seconds: number;
  readonly anne?: Part;
  readonly bob?: Part;
  /** The amplitude that goes out; by default the louder of the two hosts. */
  readonly out?: number;
}

/** Runs scenes; returns the guard's warnings, each with its second. */
function course(scenes: readonly Scene[], guard = new Guard()): string[] {
  const said: string[] = [];
  const counts = { anne: { received: 0, missing: 0, ppm: 0 }, bob: { received: 0, missing: 0, ppm: 0 } };
  let at = 0;
  let second = 0;
  for (const scene of scenes) {
    const parts = { anne: scene.anne, bob: scene.bob };
    for (const end = at + scene.seconds * SAMPLE_RATE; at < end; at += AU_SAMPLES) {
      if (at >= second * SAMPLE_RATE) {
        const present = Object.entries({ anne: ANNE, bob: BOB }).flatMap(([session, host]) => {
          const part = parts[session as "anne" | "bob"];
          return part === undefined ? [] : [[session, { state: part.state ?? "heard", host }] as const];
        });
        for (const { kind, raised, host } of guard.attend(new Map(present), false))
          said.push(`${second} ${raised ? "+" : "-"}${kind}${host === null ? "" : ` ${host.name}`}`);
        second++;
      }
      let out = scene.out ?? 0;
      for (const session of ["anne", "bob"] as const) {
        const part = parts[session];
        if (part === undefined) continue;
        const { amplitude = 0.2, packets = true, missing = 0, ppm = 0 } = part;
        const count = counts[session];
        if (packets) {
          count.received += 100 - missing;
          count.missing += missing;
        }
        count.ppm = ppm;
        const came = packets ? amplitude : 0;
        if (came === 0) guard.host(session).pushSilence(AU_SAMPLES, count, -70);
        else guard.host(session).push(unit(at, came), count, -23);
        if (scene.out === undefined) out = Math.max(out, came);
      }
      if (out === 0) guard.pushSilence(AU_SAMPLES, -70);
      else guard.push(unit(at, out), -23);
    }
  }
  return said;
}

describe("dead air", () => {
  test("is warned of after 8 s of silence, counts as dead air after 20, and both clear after a second of sound", () => {
    expect(
      course([
        { seconds: 2, anne: {} },
        { seconds: 25, anne: { amplitude: 0.0005 } },
        { seconds: 5, anne: {} },
      ]),
    ).toEqual([
      "11 +silence",
      "23 +host-silent Anne",
      "23 +dead-air",
      "28 -host-silent Anne",
      "28 -silence",
      "28 -dead-air",
    ]);
  });

  test("is about what goes out: where all hosts are muted it is dead air as well", () => {
    expect(
      course([
        { seconds: 2, anne: {}, bob: {} },
        { seconds: 25, anne: {}, bob: {}, out: 0 },
      ]),
    ).toEqual(["11 +silence", "23 +dead-air"]);
  });

  test("is not raised when no host is connected, none has been heard yet, or the last has left", () => {
    expect(course([{ seconds: 60 }])).toEqual([]);
    expect(
      course([{ seconds: 60, anne: { state: "connecting", packets: false } }]).filter(
        (said) => !said.includes("Anne"),
      ),
    ).toEqual([]);
    expect(
      course([{ seconds: 2, anne: {} }, { seconds: 10, anne: { amplitude: 0.0005 } }, { seconds: 40 }]),
    ).toEqual(["11 +silence", "12 -silence"]);
  });

  test("counts from its first second on; a long silence made in one go counts whole, at once", () => {
    const guard = new Guard();
    course([{ seconds: 2, anne: {} }], guard);
    expect(guard.deadAirSeconds).toBe(0);
    const present = new Map([["anne", { state: "heard" as const, host: ANNE }]]);
    guard.pushSilence(600 * AU_SAMPLES, -70);
    expect(guard.deadAirSeconds).toBeCloseTo(12.4, 1);
    expect(guard.attend(present, false).map(({ kind }) => kind)).toEqual(["silence"]);
    guard.pushSilence(600 * AU_SAMPLES, -70);
    expect(guard.attend(present, false).map(({ kind }) => kind)).toEqual(["dead-air"]);
    for (let n = 0; n < 70; n++) guard.push(unit(n * AU_SAMPLES, 0.2), -23);
    expect(guard.deadAirSeconds).toBe(0);
  });
});

describe("a host", () => {
  test("whose microphone delivers digital zero is warned of after 2 s, and as silent only after 20", () => {
    expect(
      course([
        { seconds: 3, anne: {}, bob: {} },
        { seconds: 5, anne: { amplitude: 0 }, bob: {} },
        { seconds: 3, anne: {}, bob: {} },
      ]),
    ).toEqual(["5 +microphone-dead Anne", "9 -microphone-dead Anne"]);
  });

  test("without packets is gone, not silent; a connected silent one is not gone", () => {
    expect(
      course([
        { seconds: 3, anne: {}, bob: {} },
        { seconds: 30, anne: { packets: false }, bob: { amplitude: 0.0005 } },
        { seconds: 4, anne: {}, bob: {} },
      ]).filter((said) => / [+-]host| [+-]micro/.test(said)),
    ).toEqual(["7 +host-gone Anne", "24 +host-silent Bob", "35 -host-gone Anne", "35 -host-silent Bob"]);
  });

  test("whose connection broke is lost, not gone, and its return is reported; a moment's loss is not", () => {
    const lost = { state: "reattaching" as const, packets: false };
    expect(
      course([
        { seconds: 3, anne: {}, bob: {} },
        { seconds: 10, anne: lost, bob: {} },
        { seconds: 5, anne: {}, bob: {} },
        { seconds: 0.5, anne: lost, bob: {} },
        { seconds: 5, anne: {}, bob: {} },
      ]),
    ).toEqual(["4 +host-lost Anne", "15 -host-lost Anne"]);
  });

  test("who has left causes no more warnings: raised ones are cleared, and only these", () => {
    expect(
      course([
        { seconds: 3, anne: {}, bob: {} },
        { seconds: 5, anne: { amplitude: 0 }, bob: {} },
        { seconds: 5, bob: {} },
      ]),
    ).toEqual(["5 +microphone-dead Anne", "9 -microphone-dead Anne"]);
  });

  test("who loses more than 5 % of its packets in 10 s is warned of until the loss is below 3 %", () => {
    expect(
      course([
        { seconds: 15, anne: { missing: 4 } },
        { seconds: 15, anne: { missing: 8 } },
        { seconds: 15, anne: { missing: 4 } },
        { seconds: 20, anne: { missing: 1 } },
      ]),
    ).toEqual(["19 +packet-loss Anne", "55 -packet-loss Anne"]);
  });

  test("whose clock drifts beyond 300 ppm for 45 s is warned of; a shorter drift, as after a network change, is not", () => {
    expect(
      course([
        { seconds: 30, anne: { ppm: 290 } },
        { seconds: 35, anne: { ppm: -4_500 } },
        { seconds: 5, anne: {} },
        { seconds: 60, anne: { ppm: 310 } },
        { seconds: 20, anne: { ppm: 250 } },
        { seconds: 20, anne: { ppm: 190 } },
      ]),
    ).toEqual(["116 +clock-drift Anne", "161 -clock-drift Anne"]);
  });
});

test("a squealing host is turned down by 18 dB while it squeals, if the show wants that", () => {
  for (const ducks of [true, false]) {
    const guard = new Guard();
    const host = guard.host("anne");
    guard.attend(new Map([["anne", { state: "heard", host: ANNE }]]), ducks);
    const counts = { received: 0, missing: 0, ppm: 0 };
    const gains: number[] = [];
    const hum = (at: number, amplitude: number) =>
      Float32Array.from({ length: CHANNELS * AU_SAMPLES }, (_, i) => {
        const n = at + (i >> 1);
        return amplitude * Math.sin((2 * Math.PI * 1_500 * n) / SAMPLE_RATE) + 0.001 * Math.sin(n * n);
      });
    for (let at = 0; at < 6 * SAMPLE_RATE; at += AU_SAMPLES) {
      const second = at / SAMPLE_RATE;
      const amplitude = second > 4 ? 0 : Math.min(0.5, 0.001 * 10 ** (1.5 * second));
      host.push(hum(at, amplitude), { ...counts, received: counts.received++ }, -20);
      gains.push(host.gain);
    }
    const down = gains.filter((gain) => gain < 1);
    expect(new Set(down)).toEqual(new Set(ducks ? [10 ** (-18 / 20)] : []));
    expect(gains.at(-1)).toBe(1);
    const kinds = guard.attend(new Map(), ducks).map(({ kind, raised }) => [kind, raised]);
    expect(kinds).toEqual([
      ["squeal", true],
      ["squeal", false],
    ]);
  }
});

describe("the sessions of a host", () => {
  const counts = { received: 0, missing: 0, ppm: 0 };

  test("that is reconnected after a restart is warned of, though this guard has heard nothing of it", () => {
    const guard = new Guard();
    const attendants = new Map([["anne", { state: "reattaching" as const, host: ANNE }]]);
    const said = [];
    for (let second = 0; second < 4; second++) {
      said.push(...guard.attend(attendants, false));
      for (let n = 0; n < 47; n++) guard.pushSilence(AU_SAMPLES, -70);
    }
    expect(said).toEqual([{ kind: "host-lost", raised: true, host: ANNE }]);
  });

  test("are warned of together: once, and until nothing is wrong with any of them", () => {
    const guard = new Guard();
    const state = "heard" as const;
    const attendants = new Map(["one", "other"].map((session) => [session, { state, host: ANNE }]));
    let received = 0;
    const during = (seconds: number, amplitudes: readonly [number, number]) => {
      const said = [];
      for (let n = 0; n < 47 * seconds; n++) {
        received += 2;
        for (const [i, session] of ["one", "other"].entries())
          guard
            .host(session)
            .push(unit(n * AU_SAMPLES, amplitudes[i] as number), { ...counts, received }, -23);
        guard.push(unit(n * AU_SAMPLES, 0.2), -23);
        if (n % 47 === 46) said.push(...guard.attend(attendants, false));
      }
      return said.filter(({ kind }) => kind === "microphone-dead").map(({ raised }) => raised);
    };
    expect(during(2, [0.2, 0.2])).toEqual([]);
    expect(during(4, [0, 0]), "both dead").toEqual([true]);
    expect(during(3, [0.2, 0]), "one still is").toEqual([]);
    expect(during(3, [0.2, 0.2])).toEqual([false]);
  });
});

test("of two sessions with one key, each is told of its own faults, and the host is warned once", () => {
  const guard = new Guard();
  const attendants = new Map(
    ["first", "second"].map((session) => [session, { state: "heard", host: ANNE } as const]),
  );
  const counts = { received: 0, missing: 0, ppm: 0 };
  const notes: string[] = [];
  for (let at = 0; at < 10 * SAMPLE_RATE; at += AU_SAMPLES) {
    counts.received += 1;
    guard.host("first").push(unit(at, 0.2), counts, -23);
    guard.host("second").push(unit(at, 0), counts, -70);
    guard.push(unit(at, 0.2), -23);
    for (const { kind, raised } of guard.attend(attendants, false))
      notes.push(`${raised ? "+" : "-"}${kind}`);
  }
  expect(notes).toEqual(["+microphone-dead"]);
  expect([guard.warningsOf("first"), guard.warningsOf("second")]).toEqual([[], ["microphone-dead"]]);
  expect([...guard.sessionsWith("microphone-dead")]).toEqual(["second"]);
});
