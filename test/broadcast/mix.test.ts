import { describe, expect, test } from "vitest";
import { TruePeak } from "../../src/audio/true-peak.ts";
import { SAMPLE_RATE, samples } from "../../src/media.ts";
import { Mix, PACKET_FRAMES, packetOf } from "../kit/mix.ts";

/** What of the hosts' sound goes into the encoder: its settings, its loudness, its end. */

/** Hosts who send what they are told to. */
class Rig extends Mix {
  #packet = 0;

  /** Lets `seconds` pass, in which each of `hosts` sends its signal, and the clock `advances` or stands still. */
  run(
    seconds: number,
    hosts: Readonly<Record<string, (sample: number) => number>>,
    { advances } = { advances: true },
  ): void {
    for (const end = this.#packet + seconds * 50; this.#packet < end; this.#packet++) {
      const now = samples((this.#packet + 1) * PACKET_FRAMES);
      for (const [host, signal] of Object.entries(hosts))
        this.pipeline.hear(host, packetOf(this.#packet, signal), now);
      if (advances) this.pipeline.advance(now, 48, "off");
    }
  }

  /** The largest sample of the last `seconds`. */
  peak(seconds: number): number {
    return this.line
      .slice(-seconds * SAMPLE_RATE)
      .reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
  }
}

const tone = (hertz: number, amplitude: number) => (n: number) =>
  amplitude * Math.sin((2 * Math.PI * hertz * n) / SAMPLE_RATE);

describe("a host's settings", () => {
  test("are kept for one who has not been heard yet, and are heard at once by one who has", () => {
    const rig = new Rig();
    rig.pipeline.setHost("a", { gainDb: -6, muted: false, level: false });
    rig.run(1, { a: tone(440, 0.4) });
    expect(rig.peak(0.5)).toBeCloseTo(0.4 * 10 ** (-6 / 20), 3);
    rig.pipeline.setHost("a", { gainDb: 0, muted: true, level: false });
    rig.run(1, { a: tone(440, 0.4) });
    expect(rig.peak(0.5)).toBe(0);
    expect(rig.pipeline.loudnessOf("a")?.loudness.momentary).toBeCloseTo(-8.6, 0);
  });

  test("go with the host, once what it sent has been played out", () => {
    const rig = new Rig();
    rig.pipeline.setHost("a", { gainDb: -12, muted: false, level: false });
    rig.run(1, { a: tone(440, 0.4) });
    rig.run(3, {});
    rig.pipeline.retain([]);
    expect(rig.pipeline.loudnessOf("a")).toBeNull();
    rig.run(1, { a: tone(440, 0.4) });
    expect(rig.peak(0.5)).toBeCloseTo(0.4, 3);
  });

  test("of one are not the other's, and neither is the automatic level", () => {
    const rig = new Rig();
    rig.pipeline.setHost("a", { gainDb: 0, muted: false, level: true });
    rig.run(8, { a: tone(1_000, 0.04), b: tone(1_000, 0.1) });
    expect(rig.pipeline.loudnessOf("a")?.levelDb).toBeCloseTo(10, 0);
    expect(rig.pipeline.loudnessOf("b")?.levelDb).toBe(0);
    // The one was levelled from -28 LUFS, the other is as it came.
    expect(rig.peak(0.5)).toBeCloseTo(0.126 + 0.1, 2);
  });
});

describe("the programme", () => {
  test("of eight hosts at full scale stays below -1 dBFS, and its loudness is told", () => {
    const rig = new Rig();
    const all = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`host ${n}`, tone(300 + 70 * n, 1)]));
    rig.run(4, all);
    const pcm = Float32Array.from([...rig.line].flatMap((value) => [value, value]));
    const peak = 20 * Math.log10(new TruePeak().push(pcm));
    expect(peak).toBeLessThan(-1);
    const { momentary, shortTerm, integrated, truePeakDb } = rig.pipeline.loudness();
    for (const value of [momentary, shortTerm, integrated]) expect(value).toBeGreaterThan(-14);
    expect(truePeakDb).toBeCloseTo(peak, 1);
  });

  test("has a host's last samples, though silence after them is passed over", () => {
    const [behind, inTime] = [new Rig(), new Rig()];
    for (const rig of [behind, inTime]) rig.run(1, { a: tone(440, 0.4) });
    // Where it has got seconds behind, it passes over silence right after the sound; in time, a second later.
    behind.run(3, {}, { advances: false });
    behind.run(0.2, {});
    inTime.run(3.2, {});
    expect(behind.passed).toBeGreaterThan(inTime.passed);
    const [first, second] = [behind, inTime].map(({ line }) =>
      line.slice(
        line.findIndex((value) => value !== 0),
        line.findLastIndex((value) => value !== 0) + 1,
      ),
    );
    expect(first?.length).toBeGreaterThan(SAMPLE_RATE);
    expect(first?.length).toBe(second?.length);
  });

  test("after silence reads as silence", () => {
    const rig = new Rig();
    rig.run(1, { a: tone(440, 0.4) });
    // A second after the host's last packet its silence is passed over.
    rig.run(6, {});
    expect(rig.passed).toBeGreaterThan(150);
    expect(rig.pipeline.loudness()).toMatchObject({ momentary: null, shortTerm: null, truePeakDb: null });
    expect(rig.pipeline.loudness().integrated).toBeGreaterThan(-12);
  });
});
