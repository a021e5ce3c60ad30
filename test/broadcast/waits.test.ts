import { describe, expect, test } from "vitest";
import { encodePacket } from "../../local/sfu/packet.ts";
import type { Encoder } from "../../src/audio/encoder.ts";
import { LOOK_AHEAD } from "../../src/audio/limiter.ts";
import { MIN_WAIT } from "../../src/audio/playout-delay.ts";
import { HoldLine } from "../../src/broadcast/hold-line.ts";
import { Pipeline } from "../../src/broadcast/pipeline.ts";
import { Segmenter } from "../../src/hls/segmenter.ts";
import { AU_SAMPLES, fromMillis, PROFILES, SAMPLE_RATE, samples, toMillis } from "../../src/media.ts";
import { uniforms } from "../kit/random.ts";
import { largestStep, sine } from "../kit/sine.ts";

/** How long an access unit waits for late packets. */

const FRAMES = 960;
/** When the first packet is complete, samples. */
const FIRST = 48_000;
const SECONDS = 16;

/** A host's network: when each packet arrives, in samples after it was complete; null if it never does. */
type Network = (packet: number) => number | null;

interface Made {
  /** One channel of the encoder's input. */
  readonly line: Float32Array;
  /** How long after its last sample's time each access unit was made, ms; from a second after the first host on. */
  readonly waits: readonly number[];
  readonly counts: readonly Readonly<Record<string, number>>[];
  /** How often the clock woke up. */
  readonly wakes: number;
}

/** Drives the show's pipeline as its clock does, on a fake clock that wakes up when something is due. */
function run(networks: readonly Network[], signal: (sample: number) => number): Made {
  const line = new Float32Array(SECONDS * SAMPLE_RATE);
  const waits: number[] = [];
  let now = 0;
  const pipeline = new Pipeline(
    listening(),
    new Segmenter(PROFILES.low, { msn: 0, at: samples(0) }),
    samples(0),
    new HoldLine(null, samples(0)),
  );
  function listening(): Encoder {
    const push: Encoder["push"] = ({ at, data }) => {
      for (let i = 0; i < AU_SAMPLES; i++) line[at + i] = data[2 * i] as number;
      if (at > FIRST + SAMPLE_RATE) waits.push(toMillis(now - at - AU_SAMPLES));
      return [];
    };
    return { config: new Uint8Array(2), push, pushSilence: () => [], flush: () => [], close: () => {} };
  }
  const flying = networks
    .flatMap((network, host) => {
      // A socket keeps packets in order.
      let last = 0;
      const packets = [];
      for (let n = 0; n < (SECONDS * SAMPLE_RATE - FIRST) / FRAMES; n++) {
        const delay = network(n);
        if (delay === null) continue;
        last = Math.max(last, FIRST + n * FRAMES + Math.round(delay));
        packets.push({ host: `host ${host}`, n, arrival: last });
      }
      return packets;
    })
    .sort((a, b) => a.arrival - b.arrival);
  let wakes = 0;
  for (const { host, n, arrival } of flying) {
    for (; pipeline.due <= arrival; wakes++) {
      now = Math.max(now, pipeline.due);
      pipeline.advance(samples(now), 6, "off");
    }
    now = Math.max(now, arrival);
    const payload = new Uint8Array(4 * FRAMES);
    const view = new DataView(payload.buffer);
    for (let i = 0; i < FRAMES; i++) {
      const value = Math.round((32_767 * signal(n * FRAMES + i)) / networks.length);
      view.setInt16(4 * i, value, true);
      view.setInt16(4 * i + 2, value, true);
    }
    pipeline.hear(host, encodePacket({ sequenceNumber: n, timestamp: n * FRAMES, payload }), samples(now));
  }
  const counts = networks.map((_, host) => pipeline.countsOf(`host ${host}`) ?? {});
  return { line: line.subarray(0, now - fromMillis(300)), waits, counts, wakes };
}

function quiet(seed: number): Network {
  const uniform = uniforms(seed);
  return () => fromMillis(uniform());
}
/** About every 400 ms the radio holds packets back for up to 60 ms. */
function wifi(seed: number): Network {
  const uniform = uniforms(seed);
  let until = 0;
  return (n) => {
    if (n * FRAMES > until && uniform() < 0.05) until = n * FRAMES + fromMillis(60);
    return Math.max(fromMillis(uniform()), until - n * FRAMES);
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const voice = sine(220);
const clean = { late: 0, concealedSamples: 0, droppedSamples: 0, resyncs: 0 };

/** Checks that there is no hole, and that no sample is further from the signal than the signal's own slope allows. */
function expectWhole({ line, counts }: Made): void {
  for (const count of counts) expect(count).toMatchObject(clean);
  expect(largestStep(line).step).toBeLessThan(voice.slope * 1.02);
  // The line may settle up to half a millisecond off, which is never corrected.
  let off = 0;
  for (let at = FIRST + 8 * SAMPLE_RATE; at < line.length; at++)
    off = Math.max(off, Math.abs((line[at] as number) - voice.signal(at - LOOK_AHEAD - FIRST + FRAMES)));
  expect(off).toBeLessThan(voice.slope * 26);
}

describe("how long sound is waited for", () => {
  test("on a quiet network, until the packet is there: 10 ms on average, 21 at most", () => {
    const made = run([quiet(1)], voice.signal);
    expectWhole(made);
    expect(mean(made.waits)).toBeLessThan(11.5);
    expect(Math.max(...made.waits)).toBeLessThan(22);
  });

  test("with bursts of 60 ms, while they last: 80 ms at most, and less than 20 ms on average", () => {
    const made = run([wifi(2)], voice.signal);
    expectWhole(made);
    expect(Math.max(...made.waits)).toBeLessThan(81);
    expect(Math.max(...made.waits)).toBeGreaterThan(60);
    expect(mean(made.waits)).toBeLessThan(20);
  });

  test("across the begin and the end of bursts: no hole and no step, at once", () => {
    const [before, bursts] = [quiet(3), wifi(4)];
    const isBursting = (n: number) => n >= 250 && n < 450;
    const made = run([(n) => (isBursting(n) ? bursts(n) : before(n))], voice.signal);
    expectWhole(made);
    const after = made.waits.slice(-200);
    expect(mean(after)).toBeLessThan(11.5);
    expect(Math.max(...after)).toBeLessThan(22);
  });

  test("with two hosts, until packets of both are there, each in its place", () => {
    const made = run([quiet(5), wifi(6)], voice.signal);
    expectWhole(made);
    expect(Math.max(...made.waits)).toBeLessThan(81);
  });

  test("for a host that stops, 140 ms after its last packet, and then as without a host", () => {
    const made = run([quiet(7), (n) => (n < 400 ? 0 : null)], voice.signal);
    expect(Math.max(...made.waits)).toBeLessThanOrEqual(141);
    expect(mean(made.waits.slice(-200))).toBeCloseTo(toMillis(MIN_WAIT), 0);
    expect(made.counts[0]).toMatchObject(clean);
  });

  test("for a host that skips packets, as for late ones", () => {
    const made = run([(n) => (n % 100 === 50 ? null : 0)], voice.signal);
    expect(Math.max(...made.waits)).toBeLessThanOrEqual(121);
    expect(mean(made.waits)).toBeLessThan(16);
  });

  test("no longer once silence was made in its place: each packet that comes for it afterwards is late", () => {
    // 75 packets are held back for up to 1.5 s. Those within the deadline before the last one are waited for.
    const [from, to] = [200, 275];
    const made = run([(n) => (n >= from && n < to ? (to - n) * FRAMES : 0)], voice.signal);
    expect(made.counts[0]).toMatchObject({ late: 68, droppedSamples: 0, resyncs: 0 });
  });
});
