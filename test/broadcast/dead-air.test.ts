import { expect, test } from "vitest";
import { holdWish } from "../../src/broadcast/hold-plan.ts";
import { AU_SAMPLES, SAMPLE_RATE, samples } from "../../src/media.ts";
import { Mix, PACKET_FRAMES, packetOf } from "../kit/mix.ts";

/** Hold audio in place of dead air: a host is connected, but nothing is heard of it. */

const DEAD_AIR_SECONDS = 30;
const ROW = {
  hold: "default",
  holdAfterSeconds: 6,
  holdOnDeadAirSeconds: DEAD_AIR_SECONDS,
  hostsLeftAt: null,
  farewellUntil: null,
  held: null,
} as const;
const HOST = { hostId: "host", name: "Host" };

/**
 * Runs a show's pipeline with a host who sends `signal`, a function of the seconds since its first packet. Returns
 * levels of what was made, and the guard's warnings.
 */
function run(seconds: number, signal: (second: number, sample: number) => number) {
  const mix = new Mix();
  const { pipeline } = mix;
  const said: string[] = [];
  for (let packet = 0; packet < seconds * 50; packet++) {
    const now = samples((packet + 1) * PACKET_FRAMES);
    pipeline.hear(
      "session",
      packetOf(packet, (sample) => signal(sample / SAMPLE_RATE, sample)),
      now,
    );
    const there = { hosts: true, listeners: true, heardAt: 0, deadAirSeconds: pipeline.guard.deadAirSeconds };
    pipeline.advance(now, 48, holdWish(ROW, there, 0));
    if (packet % 50 !== 49) continue;
    const attendants = new Map([["session", { state: "heard" as const, host: HOST }]]);
    for (const { kind, raised, host } of pipeline.guard.attend(attendants, false))
      if (host === null) said.push(`${Math.round(packet / 50)} s: ${kind} ${raised ? "raised" : "cleared"}`);
  }
  const units = mix.units.map((unit) =>
    unit === null ? 0 : Math.sqrt(unit.reduce((sum, value) => sum + value * value, 0) / unit.length),
  );
  const between = (from: number, to: number) =>
    units.slice(Math.floor((from * SAMPLE_RATE) / AU_SAMPLES), (to * SAMPLE_RATE) / AU_SAMPLES);
  /** The level of the loudest access unit, and of all of them, dBFS. */
  const most = (from: number, to: number) => 20 * Math.log10(Math.max(1e-9, ...between(from, to)));
  const mean = (from: number, to: number) => {
    const some = between(from, to);
    return 10 * Math.log10(some.reduce((sum, value) => sum + value * value, 1e-18) / some.length);
  };
  return { most, mean, said, units };
}

const tone = (sample: number) => 0.3 * Math.sin((2 * Math.PI * 440 * sample) / SAMPLE_RATE);

test.each([
  ["digital silence", 0],
  ["a room of -60 dBFS", 0.0014],
])("%s for 30 s is followed by hold audio, which is gone at the host's first sound", (_what, room) => {
  const hum = (sample: number) => room * Math.sin((2 * Math.PI * 100 * sample) / SAMPLE_RATE);
  const { most, mean, said, units } = run(60, (second, sample) =>
    second < 5 || second > 50 ? tone(sample) : hum(sample),
  );
  expect(most(6, 34)).toBeLessThan(-55);
  expect(mean(37, 49)).toBeGreaterThan(-30);
  // The tone alone, from 200 ms after it came back: no access unit has hold audio beside it.
  const spoken = units.slice(Math.ceil((50.2 * SAMPLE_RATE) / AU_SAMPLES), (58 * SAMPLE_RATE) / AU_SAMPLES);
  const [low, high] = [Math.min(...spoken), Math.max(...spoken)];
  expect(20 * Math.log10(high / low)).toBeLessThan(0.2);
  // Hold audio does not hide the silence from the guard.
  expect(said).toEqual([
    expect.stringMatching(/^1[34] s: silence raised$/),
    expect.stringMatching(/^2[56] s: dead-air raised$/),
    expect.stringMatching(/^5[12] s: silence cleared$/),
    expect.stringMatching(/^5[12] s: dead-air cleared$/),
  ]);
});
