import { describe, expect, test } from "vitest";
import { applyRamp, HoldPlan, type HoldWish, holdWish, type Ramp } from "../../src/broadcast/hold-plan.ts";
import { AU_SAMPLES, fromMillis, SAMPLE_RATE, samples } from "../../src/media.ts";

/** When hold audio begins and ends, and how fast it fades in and out. */

const NOBODY = { hosts: false, listeners: true, heardAt: null, deadAirSeconds: 0 };
const HOST = { hosts: true, listeners: true, heardAt: null, deadAirSeconds: 0 };
const MUTE_HOST = { hosts: true, listeners: true, heardAt: null, deadAirSeconds: 30 };
const HELD = { from: samples(0), isOn: true };
const UNHEARD = { hosts: false, listeners: false, heardAt: null, deadAirSeconds: 0 };

test.each<[string, Parameters<typeof holdWish>[0], Parameters<typeof holdWish>[1], HoldWish]>([
  ["before the first host", show({ hostsLeftAt: null }), NOBODY, "on"],
  ["while a host is connected", show({ hostsLeftAt: null }), HOST, "as-is"],
  ["while a host is silent, without hold audio on dead air", show({}), MUTE_HOST, "as-is"],
  ["after the 30 s of silence that are set", show({ holdOnDeadAirSeconds: 30 }), MUTE_HOST, "over-silence"],
  ["before the 31 s of silence that are set", show({ holdOnDeadAirSeconds: 31 }), MUTE_HOST, "as-is"],
  ["6 s after the last host has left", show({ hostsLeftAt: 94_000 }), NOBODY, "on"],
  ["just under 6 s after the last host has left", show({ hostsLeftAt: 94_001 }), NOBODY, "as-is"],
  ["at once, if no time is to pass", show({ hostsLeftAt: 100_000, holdAfterSeconds: 0 }), NOBODY, "on"],
  ["just under 6 s after the last message of a host", show({}), { ...NOBODY, heardAt: 94_001 }, "as-is"],
  ["6 s after that", show({}), { ...NOBODY, heardAt: 94_000 }, "on"],
  [
    "6 s after the last message of a host, although an outage of the SFU puts off the time of the host's leaving",
    show({ hostsLeftAt: 99_000 }),
    { ...NOBODY, heardAt: 94_000 },
    "on",
  ],
  ["once it has begun, until a host is there", show({ held: HELD, hostsLeftAt: 99_000 }), NOBODY, "on"],
  ["beside a host, although it has begun", show({ held: HELD }), HOST, "as-is"],
  ["while nobody listens", show({ hostsLeftAt: null }), UNHEARD, "off"],
  ["in a show without hold audio", show({ hold: "none" }), NOBODY, "off"],
  ["with the producer's own", show({ hold: "own" }), NOBODY, "on"],
])("the wish for hold audio: %s", (_, row, there, wish) => {
  expect(holdWish(row, there, 100_000)).toBe(wish);
});

function show(of: Partial<Parameters<typeof holdWish>[0]>): Parameters<typeof holdWish>[0] {
  const none = { holdOnDeadAirSeconds: null, hostsLeftAt: null, farewellUntil: null, held: null };
  return { hold: "default", holdAfterSeconds: 6, ...none, ...of };
}

/** Runs a plan from `from` seconds on, unit by unit; returns how far hold audio is turned up at the end of each. */
function run(
  plan: HoldPlan,
  from: number,
  seconds: number,
  wish: HoldWish,
  silentFor: (at: number) => number = () => Number.POSITIVE_INFINITY,
): { readonly at: number; readonly turned: number }[] {
  const made = [];
  const first = Math.round((from * SAMPLE_RATE) / AU_SAMPLES);
  for (let n = first; n < first + (seconds * SAMPLE_RATE) / AU_SAMPLES; n++) {
    const at = n * AU_SAMPLES;
    const ramp = plan.next(samples(at), wish, silentFor(at));
    const end = ramp === null ? 0 : ramp.level + ramp.slope * AU_SAMPLES;
    made.push({ at, turned: Math.min(1, Math.max(0, end)) });
  }
  return made;
}

/** Returns for how long hold audio is partly turned up, ms. */
const between = (made: readonly { readonly turned: number }[]) =>
  (made.filter(({ turned }) => turned > 0 && turned < 1).length * AU_SAMPLES) / 48;

describe("a plan", () => {
  test("fades in within 400 ms and stays", () => {
    const made = run(new HoldPlan(null), 0, 2, "on");
    expect(between(made)).toBeGreaterThan(360);
    expect(between(made)).toBeLessThanOrEqual(400);
    expect(made.at(-1)?.turned).toBe(1);
  });

  test('does not begin while the wish is "as-is"', () => {
    expect(run(new HoldPlan(null), 0, 2, "as-is").every(({ turned }) => turned === 0)).toBe(true);
  });

  test("goes on while a host connects, and is gone in the 200 ms before the host's first sound", () => {
    const plan = new HoldPlan(null);
    run(plan, 0, 2, "on");
    expect(run(plan, 2, 3, "as-is").every(({ turned }) => turned === 1)).toBe(true);
    const heardAt = 5.5 * SAMPLE_RATE;
    const made = run(plan, 5, 1, "as-is", (at) => Math.max(0, heardAt - at));
    for (const { at, turned } of made) if (at + AU_SAMPLES >= heardAt) expect(turned).toBe(0);
    expect(between(made)).toBeGreaterThan(150);
    expect(between(made)).toBeLessThanOrEqual(200);
    expect(plan.state).toEqual({ from: 0, isOn: false });
  });

  test("is gone within one access unit where the host is heard at once", () => {
    const plan = new HoldPlan(null);
    run(plan, 0, 2, "on");
    const [first] = run(plan, 2, 0.1, "as-is", () => 0);
    expect(first?.turned).toBe(0);
  });

  test("begins at most once a minute, whatever hosts do", () => {
    const plan = new HoldPlan(null);
    run(plan, 0, 2, "on");
    const begun: number[] = [];
    for (let second = 2; second < 300; second += 10) {
      run(plan, second, 5, "as-is", () => 0);
      const was = plan.state?.from;
      run(plan, second + 5, 5, "on");
      if (plan.state?.from !== was) begun.push((plan.state?.from ?? 0) / SAMPLE_RATE);
    }
    expect(begun.length).toBe(5);
    for (const [n, at] of begun.entries()) expect(at - (begun[n - 1] ?? 0)).toBeGreaterThanOrEqual(60);
  });

  test("is turned off while nobody listens, and within the minute on again as the same", () => {
    const plan = new HoldPlan(null);
    run(plan, 0, 2, "on");
    const off = run(plan, 2, 1, "off");
    expect(between(off)).toBeLessThanOrEqual(200);
    expect(plan.sounds).toBe(false);
    run(plan, 3, 1, "on");
    expect(plan.sounds).toBe(true);
    expect(plan.state).toEqual({ from: 0, isOn: true });
  });

  test("of an object that is made anew goes on with its stored state", () => {
    const plan = new HoldPlan({ from: samples(0), isOn: true });
    expect(plan.isToBegin(samples(AU_SAMPLES), "on")).toBe(true);
    expect(plan.isToBegin(samples(AU_SAMPLES), "as-is")).toBe(false);
    const over = new HoldPlan({ from: samples(0), isOn: false });
    expect(over.isToBegin(fromMillis(59_999), "on")).toBe(false);
    expect(over.isToBegin(fromMillis(60_000), "on")).toBe(true);
  });
});

test("a turn is smooth: no sample changes by more than 0.4 % of full scale", () => {
  const ramps: Ramp[] = [
    { level: 0, slope: 1 / AU_SAMPLES },
    { level: 1, slope: -1 / AU_SAMPLES },
  ];
  for (const ramp of ramps) {
    const pcm = new Float32Array(2 * AU_SAMPLES).fill(1);
    applyRamp(pcm, ramp);
    for (let i = 2; i < pcm.length; i++)
      expect(Math.abs((pcm[i] as number) - (pcm[i - 2] as number))).toBeLessThan(0.004);
  }
});
