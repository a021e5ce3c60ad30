import { describe, expect, test } from "vitest";
import { TruePeak } from "../../src/audio/true-peak.ts";
import { SAMPLE_RATE, samples } from "../../src/media.ts";
import { Mix, PACKET_FRAMES, packetOf } from "../kit/mix.ts";

/** From the hosts' packets to the encoder's input: a host's settings, the loudness, and the end of a host. */

/** Hosts who send the signals they are given. */
class Rig extends Mix {
  #packet = 0;

  /** Lets `seconds` pass. Each of `hosts` sends its signal; the clock advances, or stands still. */
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

  /** Returns the largest sample of the last `seconds`. */
  peak(seconds: number): number {
    return this.line
      .slice(-seconds * SAMPLE_RATE)
      .reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
  }
}

const tone = (hertz: number, amplitude: number) => (n: number) =>
  amplitude * Math.sin((2 * Math.PI * hertz * n) / SAMPLE_RATE);

describe("a host's settings", () => {
  test("are kept for a host who has not been heard yet, and take effect at once for one who has", () => {
    const rig = new Rig();
    rig.pipeline.setHost("a", { gainDb: -6, muted: false, level: false });
    rig.run(1, { a: tone(440, 0.4) });
    expect(rig.peak(0.5)).toBeCloseTo(0.4 * 10 ** (-6 / 20), 3);
    rig.pipeline.setHost("a", { gainDb: 0, muted: true, level: false });
    rig.run(1, { a: tone(440, 0.4) });
    expect(rig.peak(0.5)).toBe(0);
    expect(rig.pipeline.loudnessOf("a")?.loudness.momentary).toBeCloseTo(-8.6, 0);
  });

  test("are dropped with the host, once its sound has been played out", () => {
    const rig = new Rig();
    rig.pipeline.setHost("a", { gainDb: -12, muted: false, level: false });
    rig.run(1, { a: tone(440, 0.4) });
    rig.run(3, {});
    rig.pipeline.retain([]);
    expect(rig.pipeline.loudnessOf("a")).toBeNull();
    rig.run(1, { a: tone(440, 0.4) });
    expect(rig.peak(0.5)).toBeCloseTo(0.4, 3);
  });

  test("and the automatic level of one host do not affect another", () => {
    const rig = new Rig();
    rig.pipeline.setHost("a", { gainDb: 0, muted: false, level: true });
    rig.run(8, { a: tone(1_000, 0.04), b: tone(1_000, 0.1) });
    expect(rig.pipeline.loudnessOf("a")?.levelDb).toBeCloseTo(10, 0);
    expect(rig.pipeline.loudnessOf("b")?.levelDb).toBe(0);
    // The first host was levelled from -28 LUFS, the other is unchanged.
    expect(rig.peak(0.5)).toBeCloseTo(0.126 + 0.1, 2);
  });
});

describe("the programme", () => {
  test("of eight hosts at full scale stays below -1 dBFS, and its loudness is reported", () => {
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

  test("has a host's last samples, although the silence after them is passed over", () => {
    const [behind, inTime] = [new Rig(), new Rig()];
    for (const rig of [behind, inTime]) rig.run(1, { a: tone(440, 0.4) });
    // A pipeline that is seconds behind passes over silence right after the sound; one in time does so a second later.
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

  test("reads as silence after a silence", () => {
    const rig = new Rig();
    rig.run(1, { a: tone(440, 0.4) });
    // A second after the host's last packet, the host's silence is passed over.
    rig.run(6, {});
    expect(rig.passed).toBeGreaterThan(150);
    expect(rig.pipeline.loudness()).toMatchObject({ momentary: null, shortTerm: null, truePeakDb: null });
    expect(rig.pipeline.loudness().integrated).toBeGreaterThan(-12);
  });
});
