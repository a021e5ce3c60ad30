import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Aligner } from "../../src/audio/aligner.ts";
import { MIN_WAIT } from "../../src/audio/playout-delay.ts";
import { AU_SAMPLES, fromMillis, samples } from "../../src/media.ts";
import { uniforms } from "../kit/random.ts";
import { largestStep, sine } from "../kit/sine.ts";
import { FIRST, jitter, rehearse } from "./host.ts";

/** A host's packets become one unbroken line, whatever the network, the clocks or the machine do. */

const voice = sine(440);
/** Concealment and fades may enlarge a sine's own largest step by this factor; a click is tens of times as large. */
const SMOOTH = 1.05;
const clicks = (sample: number) => (sample % 12_000 === 0 ? 0.5 : 0);
/** The media time that belongs at line index `at` when the network delays nothing. */
const mediaAt = (at: number) => at - FIRST + 960;

/** By how many samples clicks are later than their places, once the line has settled. */
function placesOf(line: Float32Array): number[] {
  const heard = Array.from(line.keys()).filter((at) => at > 20 * 48_000 && (line[at] as number) > 0.25);
  expect(heard.length).toBeGreaterThan(100);
  return heard.map((at) => ((mediaAt(at) + 6_000) % 12_000) - 6_000);
}

function rms(line: Float32Array, from: number, to: number): number {
  let energy = 0;
  for (let at = from; at < to; at++) energy += (line[at] as number) ** 2;
  return Math.sqrt(energy / (to - from));
}

describe("a host whose packets are not delayed", () => {
  const { aligner, line } = rehearse({ seconds: 30, signal: clicks });

  test("is placed where it was when its packets arrived, exactly and bit for bit", () => {
    const found = Array.from(line.keys()).filter((at) => at > 10 * 48_000 && line[at] !== 0);
    expect(found).toHaveLength(80);
    for (const at of found) {
      expect(mediaAt(at) % 12_000).toBe(0);
      expect(line[at]).toBe(0.5);
    }
  });

  test("is counted, with no faults", () => {
    expect(aligner.stats).toMatchObject({
      duplicate: 0,
      late: 0,
      reordered: 0,
      concealedSamples: 0,
      resyncs: 0,
    });
    expect(aligner.stats).toMatchObject({ malformed: 0, droppedSamples: 0, ppm: 0 });
    expect(aligner.stats.received).toBeGreaterThan(1_480);
    expect(aligner.stats.receivedSamples).toBe(960 * aligner.stats.received);
    expect(aligner.stats.depth).toBeGreaterThanOrEqual(AU_SAMPLES);
  });

  test("is heard within the first second, within 25 ms of its place", () => {
    const first = line.findIndex((value) => Math.abs(value) > 0.2);
    expect(first).toBeLessThan(48_000);
    expect(Math.abs(mediaAt(first) % 12_000)).toBeLessThanOrEqual(fromMillis(25));
  });
});

test("a sine passes unchanged once the line has settled", () => {
  const { line } = rehearse({ seconds: 60, signal: voice.signal });
  const settled = line.subarray(55 * 48_000, 59 * 48_000);
  const differs = settled.findIndex((v, i) => v !== Math.fround(voice.signal(mediaAt(55 * 48_000 + i))));
  expect(differs).toBe(-1);
});

test.each([120, 240, 960, 1_920, 2_880, 5_760])("packets of %d samples make an unbroken line", (frames) => {
  const { aligner, line } = rehearse({ seconds: 8, signal: voice.signal, frames });
  expect(aligner.stats.concealedSamples).toBe(0);
  expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
  expect(rms(line, 48_000, 8 * 48_000 - 1_024)).toBeCloseTo(0.5 / Math.SQRT2, 3);
});

test("packets of impossible lengths are counted and harmless", () => {
  const aligner = new Aligner();
  for (const length of [0, 2, 238, 241, 11_522, 100_000]) {
    aligner.push({ sequenceNumber: 1, timestamp: 1, pcm: new Float32Array(length).fill(1) }, samples(9_600));
  }
  expect(aligner.stats).toMatchObject({ received: 6, malformed: 6 });
  expect(aligner.pull(samples(9_600), 960)).toEqual(new Float32Array(1_920));
});

describe("a network with faults", () => {
  test("jitter of 30 ms is waited for: there is no gap, and the line is where it belongs", () => {
    const waits: number[] = [];
    const { aligner, line } = rehearse({
      seconds: 60,
      signal: voice.signal,
      network: jitter(1, 6, 30),
      hear: ({ at, late }) => at > 48_000 && waits.push(late),
    });
    expect(aligner.stats).toMatchObject({ late: 0, concealedSamples: 0, droppedSamples: 0 });
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
    // A packet's length and its lateness, and no more.
    expect(Math.max(...waits)).toBeLessThanOrEqual(fromMillis(20 + 30 + 1));
    expect(waits.reduce((sum, late) => sum + late, 0) / waits.length).toBeLessThan(fromMillis(20));
    for (const at of placesOf(rehearse({ seconds: 60, signal: clicks, network: jitter(1, 6, 30) }).line))
      expect(Math.abs(at)).toBeLessThanOrEqual(fromMillis(1));
  });

  test("5 % of packets out of order are put in their places", () => {
    const uniform = uniforms(2);
    const { aligner, line } = rehearse({
      seconds: 30,
      signal: voice.signal,
      network: () => [uniform() < 0.05 ? fromMillis(25 + 10 * uniform()) : 0],
    });
    expect(aligner.stats.reordered).toBeGreaterThan(40);
    expect(aligner.stats).toMatchObject({ late: 0, concealedSamples: 0, duplicate: 0 });
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
  });

  test("duplicates, near and far, are counted and change nothing", () => {
    const uniform = uniforms(3);
    const once = rehearse({ seconds: 20, signal: voice.signal });
    const twice = rehearse({
      seconds: 20,
      signal: voice.signal,
      network: () => (uniform() < 0.1 ? [0, fromMillis(2_000 * uniform() ** 3)] : [0]),
    });
    expect(twice.aligner.stats.duplicate).toBeGreaterThan(70);
    expect(twice.aligner.stats).toMatchObject({ late: 0, resyncs: 0, reordered: 0 });
    expect(twice.line).toEqual(once.line);
  });

  test("a lost packet is a gap of its length, concealed without a click, and moves nothing", () => {
    const lost = 700;
    const whole = rehearse({ seconds: 20, signal: voice.signal });
    const { aligner, line } = rehearse({
      seconds: 20,
      signal: voice.signal,
      network: (packet) => (packet === lost ? [] : [0]),
    });
    expect(aligner.stats.concealedSamples).toBe(960);
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
    const differing = Array.from(line.keys()).filter(
      (at) => Math.abs((line[at] as number) - (whole.line[at] as number)) > 1e-4,
    );
    // The gap, and the 5 ms in which sound fades in again.
    const length = (differing.at(-1) as number) - (differing[0] as number);
    expect(length).toBeGreaterThan(800);
    expect(length).toBeLessThanOrEqual(960 + fromMillis(6));
    expect(mediaAt(differing[0] as number) - lost * 960).toBeLessThan(fromMillis(20));
  });

  test("5 % loss never clicks", () => {
    const uniform = uniforms(4);
    const { aligner, line } = rehearse({
      seconds: 60,
      signal: voice.signal,
      network: () => (uniform() < 0.05 ? [] : [0]),
    });
    expect(aligner.stats.concealedSamples / 960).toBeGreaterThan(100);
    expect(aligner.stats).toMatchObject({ late: 0, droppedSamples: 0, resyncs: 0 });
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
  });

  test("packets that come after their time are counted, dropped and harmless", () => {
    const { aligner, line } = rehearse({
      seconds: 20,
      signal: voice.signal,
      network: (packet) => [packet % 100 === 50 ? fromMillis(400) : 0],
    });
    expect(aligner.stats.late).toBeGreaterThanOrEqual(9);
    expect(aligner.stats.resyncs).toBe(0);
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
  });

  test("500 ms of nothing and then all at once: one gap, soon in place again, never behind by 250 ms for long", () => {
    const { aligner, line } = rehearse({
      seconds: 20,
      signal: voice.signal,
      network: (packet) => [packet >= 250 && packet < 275 ? (275 - packet) * 960 : 0],
    });
    const pause = FIRST + 250 * 960;
    expect(aligner.stats.resyncs).toBe(0);
    // The fixed and the extra delay hide a part of the pause.
    expect(aligner.stats.concealedSamples).toBeGreaterThan(fromMillis(300));
    expect(aligner.stats.concealedSamples).toBeLessThan(fromMillis(600));
    expect(aligner.stats.depth).toBeLessThan(fromMillis(250));
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
    expect(rms(line, pause + fromMillis(800), pause + fromMillis(1_500))).toBeCloseTo(0.5 / Math.SQRT2, 2);
  });

  test("a second pause of 160 ms is not heard, for the first has raised the delay", () => {
    const concealed: number[] = [];
    rehearse({
      seconds: 25,
      signal: voice.signal,
      network: (packet) => {
        const since = packet % 500;
        return [since >= 300 && since < 308 ? (308 - since) * 960 : 0];
      },
      hear: ({ at, aligner: { stats } }) =>
        at % (10 * 48_000) < 1_024 && concealed.push(stats.concealedSamples),
    });
    expect(concealed[1]).toBeGreaterThan(0);
    expect(concealed[2]).toBe(concealed[1]);
  });

  test("a stall of 4 s is caught up with", () => {
    const { aligner, line } = rehearse({
      seconds: 20,
      signal: voice.signal,
      network: (packet) => [packet >= 200 && packet < 400 ? (400 - packet) * 960 : 0],
    });
    expect(aligner.stats.depth).toBeLessThan(fromMillis(250));
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
    expect(rms(line, 10 * 48_000, 19 * 48_000)).toBeCloseTo(0.5 / Math.SQRT2, 2);
  });
});

test("a network that gets faster by 250 ms is followed at once, by a cut that is faded", () => {
  const { aligner, line } = rehearse({
    seconds: 10,
    signal: voice.signal,
    network: (packet) => [fromMillis(Math.min(250, Math.max(0, 250 - (packet - 100) * 20)))],
    hear: ({ at, aligner: { stats } }) => {
      if (at > 3 * 48_000) expect(stats.depth).toBeLessThan(fromMillis(150));
    },
  });
  expect(aligner.stats.droppedSamples).toBeGreaterThan(fromMillis(180));
  expect(aligner.stats).toMatchObject({ late: 0, resyncs: 0 });
  expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
});

describe("a show that stands still and then catches up", () => {
  const halts = [80, 150, 800, 3_000].map((millis, n) => {
    const from = fromMillis(10_000 + 8_000 * n) + 700 * n;
    return { from, until: from + fromMillis(millis) };
  });
  const { aligner, line } = rehearse({ seconds: 45, signal: clicks, halts });

  test("loses nothing that waited for it", () => {
    expect(aligner.stats).toMatchObject({ late: 0, concealedSamples: 0, droppedSamples: 0, resyncs: 0 });
    const heard = Array.from(line.keys()).filter((at) => (line[at] as number) > 0.3);
    expect(heard.length).toBeGreaterThan(40 * 4);
  });

  test("places it where it belongs: the show's own lateness does not count as the host's", () => {
    for (const at of line.keys()) {
      if ((line[at] as number) < 0.3) continue;
      const off = mediaAt(at) % 12_000;
      expect(Math.abs(off > 6_000 ? off - 12_000 : off)).toBeLessThanOrEqual(fromMillis(25));
    }
  });

  test("counts a packet as late that comes after later ones have been played", () => {
    const network = (packet: number) => [packet === 600 ? fromMillis(150) : 0];
    const late = rehearse({ seconds: 20, signal: clicks, network }).aligner;
    expect(late.stats).toMatchObject({ late: 1, concealedSamples: 960 });
  });
});

describe("a host that stops", () => {
  const stop = 300;
  const back = 500;
  const { aligner, line } = rehearse({
    seconds: 20,
    signal: voice.signal,
    network: (packet) => (packet >= stop && packet < back ? [] : [0]),
  });

  test("fades to silence within a packet, without a click", () => {
    const end = FIRST + stop * 960 - 960;
    expect(rms(line, end - 9_600, end)).toBeCloseTo(0.5 / Math.SQRT2, 2);
    const silent = line.subarray(end + 960 + fromMillis(21), end + 3 * 48_000);
    expect(silent.every((value) => value === 0)).toBe(true);
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
  });

  test("comes back in its place, and fades in", () => {
    const start = FIRST + back * 960 - 960;
    expect(rms(line, start, start + 48)).toBeLessThan(0.03);
    expect(rms(line, start + fromMillis(20), start + 48_000)).toBeCloseTo(0.5 / Math.SQRT2, 2);
    expect(aligner.stats.resyncs).toBe(0);
  });

  test("is active while it delivers and for a second after", () => {
    const quiet = new Aligner();
    expect(quiet.active(samples(0))).toBe(false);
    rehearse({ seconds: 8, signal: voice.signal, network: (n) => (n < 100 ? [0] : []), aligner: quiet });
    const last = FIRST + 99 * 960;
    expect(quiet.active(samples(last + fromMillis(900)))).toBe(true);
    expect(quiet.active(samples(last + fromMillis(1_100)))).toBe(false);
  });
});

describe("a sender that starts anew", () => {
  const restarts: [string, (packet: number) => { sequenceNumber: number; timestamp: number }][] = [
    [
      "with other numbers",
      (n) =>
        n < 250
          ? { sequenceNumber: n, timestamp: n * 960 }
          : { sequenceNumber: 7e8 + n, timestamp: 3e9 + n * 960 },
    ],
    ["from zero", (n) => ({ sequenceNumber: n % 250, timestamp: (n % 250) * 960 })],
    [
      "from zero after half a second",
      (n) =>
        n < 25
          ? { sequenceNumber: n, timestamp: n * 960 }
          : { sequenceNumber: n - 25, timestamp: (n - 25) * 960 },
    ],
    [
      "with a jump of the timestamp alone",
      (n) => ({ sequenceNumber: n, timestamp: (n * 960 + (n < 250 ? 0 : 48_000 * 60)) >>> 0 }),
    ],
  ];
  test.each(restarts)("%s is heard again within a second", (_, marks) => {
    const { aligner, line } = rehearse({ seconds: 12, signal: voice.signal, marks });
    expect(aligner.stats.resyncs).toBeGreaterThan(0);
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
    expect(rms(line, 7 * 48_000, 9 * 48_000)).toBeCloseTo(0.5 / Math.SQRT2, 2);
  });

  test("a stall of four seconds or a longer path does not look like a drifting clock for more than 40 s", () => {
    const stall = (n: number) => [n >= 500 && n < 700 ? (700 - n) * 960 : 0];
    const longer = (n: number) => [n < 500 ? 0 : fromMillis(90)];
    const drifts = (network: (n: number) => number[]) => {
      let [run, longest] = [0, 0];
      const hear = ({ aligner }: { aligner: Aligner }) => {
        run = Math.abs(aligner.stats.ppm) > 300 ? run + AU_SAMPLES : 0;
        longest = Math.max(longest, run);
      };
      const { aligner } = rehearse({ seconds: 90, signal: () => 0, network, hear });
      return {
        seconds: longest / 48_000,
        ppm: Math.round(aligner.stats.ppm),
        resyncs: aligner.stats.resyncs,
      };
    };
    expect(drifts(stall)).toEqual({ seconds: 0, ppm: 0, resyncs: 1 });
    const step = drifts(longer);
    expect(step).toMatchObject({ ppm: 0, resyncs: 0 });
    expect(step.seconds).toBeGreaterThan(20);
    expect(step.seconds).toBeLessThan(40);
  });

  test("stray packets move nothing", () => {
    const marks = (n: number) =>
      n === 250 || n === 251
        ? { sequenceNumber: 7e8 * (n - 249), timestamp: 5e8 * (n - 249) }
        : { sequenceNumber: n, timestamp: n * 960 };
    const { aligner } = rehearse({ seconds: 12, signal: voice.signal, marks });
    expect(aligner.stats).toMatchObject({ resyncs: 0, concealedSamples: 1_920 });
  });

  test("a sender whose clock stood still during a pause is placed by its packets' arrival", () => {
    const { aligner, line } = rehearse({
      seconds: 20,
      signal: voice.signal,
      network: (packet) => [packet < 250 ? 0 : fromMillis(1_000)],
    });
    expect(aligner.stats.resyncs).toBe(1);
    expect(aligner.stats.late).toBeLessThan(50);
    expect(rms(line, 8 * 48_000, 19 * 48_000)).toBeCloseTo(0.5 / Math.SQRT2, 2);
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
  });
});

describe("a sender's timestamps", () => {
  test.each([
    ["48 kHz", 1],
    ["90 kHz", 90 / 48],
    ["milliseconds", 1 / 48],
    ["microseconds", 1_000 / 48],
    ["16 kHz", 1 / 3],
  ])("in %s tell how long a pause was", (_, unit) => {
    // The sender leaves out 40 packets (DTX) without skipping their sequence numbers.
    const marks = (n: number) => ({
      sequenceNumber: n < 240 ? n : n - 40,
      timestamp: Math.round(4_294_900_000 + n * 960 * unit) >>> 0,
    });
    const network = (n: number) => (n >= 200 && n < 240 ? [] : [0]);
    const { aligner, line } = rehearse({ seconds: 12, signal: clicks, marks, network });
    expect(aligner.stats).toMatchObject({ resyncs: 0, late: 0, duplicate: 0, droppedSamples: 0 });
    const found = Array.from(line.keys()).filter(
      (at) => mediaAt(at) > 240 * 960 && (line[at] as number) > 0.1,
    );
    expect(found).toHaveLength(28);
    for (const at of found) expect(mediaAt(at) % 12_000).toBe(0);
  });

  test.each([
    ["constant", () => 7],
    ["random", uniforms(5)],
    ["a jittered clock", (n: number) => (n * 20 + Math.floor(9 * Math.abs(Math.sin(n * 12.9)))) / 2 ** 32],
  ])("that are %s are ignored in favour of the sequence numbers", (_, draw) => {
    const marks = (n: number) => ({ sequenceNumber: n, timestamp: Math.floor(draw(n) * 2 ** 32) >>> 0 });
    const network = (n: number) => (n === 300 ? [] : [0]);
    const { aligner, line } = rehearse({ seconds: 12, signal: voice.signal, marks, network });
    expect(aligner.stats).toMatchObject({ resyncs: 0, late: 0, duplicate: 0, concealedSamples: 960 });
    expect(largestStep(line).step).toBeLessThan(voice.slope * SMOOTH);
  });
});

test("for any input the line has its length, finite samples within the packets' range, and a bounded depth", () => {
  const mark = fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1),
    fc.nat(2 ** 31 - 1),
  );
  const event = fc.record({
    sequenceNumber: mark,
    timestamp: mark,
    frames: fc.constantFrom(0, 1, 119, 120, 960, 961, 5_760, 5_761),
    wait: fc.nat(3_000),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), (events) => {
      const aligner = new Aligner();
      let now = 20_000;
      let at = now - MIN_WAIT - 1_024;
      for (const { sequenceNumber, timestamp, frames, wait } of events) {
        now += wait;
        aligner.push(
          { sequenceNumber, timestamp, pcm: new Float32Array(2 * frames).fill(0.5) },
          samples(now),
        );
        for (; at + 1_024 + MIN_WAIT <= now; at += 1_024) {
          const pcm = aligner.pull(samples(at), 1_024);
          expect(pcm).toHaveLength(2_048);
          expect(pcm.every((value) => Math.abs(value) < 1.2)).toBe(true);
        }
      }
      expect(aligner.stats.depth).toBeLessThanOrEqual(4 * 48_000 + 5_760);
    }),
    { numRuns: 200, seed: 7 },
  );
});

test("a pull that goes back is an error, one that leaves out a stretch is not", () => {
  const aligner = new Aligner();
  aligner.pull(samples(10_000), 960);
  aligner.pull(samples(20_000), 960);
  expect(() => aligner.pull(samples(20_000), 960)).toThrow(RangeError);
});

test("a packet for silence that was left out is late", () => {
  const aligner = new Aligner();
  const pcm = new Float32Array(2 * 960).fill(0.1);
  const packet = (n: number) => ({ sequenceNumber: n, timestamp: 960 * n, pcm });
  const arrival = (n: number) => samples(48_000 + 960 * (n + 1));
  for (let n = 0; n < 50; n++) aligner.push(packet(n), arrival(n));
  const from = samples(arrival(49) - MIN_WAIT);
  aligner.pull(from, 48_000);
  const silent = samples(from + 48_000);
  expect(aligner.silentFor(silent)).toBe(Number.POSITIVE_INFINITY);
  aligner.skipSilence(silent, 12_000);
  // It was due at the beginning of what was left out, and comes at its end.
  aligner.push(packet(100), samples(silent + 12_000 + MIN_WAIT));
  expect(aligner.stats.late).toBe(1);
});
