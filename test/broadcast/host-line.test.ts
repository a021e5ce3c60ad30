import { describe, expect, test } from "vitest";
import { HostGuard } from "../../src/broadcast/host-guard.ts";
import { HostLine, type HostSound } from "../../src/broadcast/host-line.ts";
import { AU_SAMPLES, SAMPLE_RATE, samples } from "../../src/media.ts";
import { PACKET_FRAMES, packetOf } from "../kit/mix.ts";
import { largestStep, sine } from "../kit/sine.ts";

/**
 * A change of a host's settings is heard at once and without a click, and the host's input is measured whatever is set.
 */

const SECOND = 47;
const TONE = sine(440, 0.1);
const PLAIN: HostSound = { gainDb: 0, muted: false, level: false };

/** A host who sends a tone of -20 dBFS without end. */
class Rig {
  readonly line: HostLine;
  #packet = 0;
  #at = 0;

  constructor(sound: HostSound = PLAIN) {
    this.line = new HostLine(sound, new HostGuard());
  }

  /** Returns the left channel of the next access units, as they go into the mix. */
  pull(units: number): Float32Array {
    const out = new Float32Array(units * AU_SAMPLES);
    for (let n = 0; n < units; n++) {
      for (; this.#packet * PACKET_FRAMES < this.#at + AU_SAMPLES + 2 * PACKET_FRAMES; this.#packet++)
        this.#send();
      const pcm = this.line.pull(samples(this.#at), AU_SAMPLES);
      for (let i = 0; i < AU_SAMPLES; i++) out[n * AU_SAMPLES + i] = pcm[2 * i] as number;
      this.#at += AU_SAMPLES;
    }
    return out;
  }

  get unheardFor(): number {
    return this.line.unheardFor(samples(this.#at));
  }

  get isInMix(): boolean {
    return this.line.isInMix(samples(this.#at));
  }

  #send(): void {
    const now = samples((this.#packet + 1) * PACKET_FRAMES);
    this.line.hear(packetOf(this.#packet, TONE.signal), now, now);
  }
}

const peakOf = (line: Float32Array) => line.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
/** Returns the largest step from one sample of `line` to the next. */
const stepIn = (line: Float32Array) => largestStep(line, 1, 1).step;
const decibels = (ratio: number) => 20 * Math.log10(ratio);

describe("a host's settings", () => {
  test("without settings, the sound passes unchanged", () => {
    const rig = new Rig();
    rig.pull(SECOND);
    expect(decibels(peakOf(rig.pull(SECOND)))).toBeCloseTo(-20, 2);
  });

  test("a gain takes effect within an access unit, without a click", () => {
    const rig = new Rig();
    rig.pull(SECOND);
    rig.line.set({ ...PLAIN, gainDb: 6 });
    const turned = rig.pull(2);
    expect(decibels(peakOf(turned.subarray(AU_SAMPLES)))).toBeCloseTo(-14, 1);
    expect(stepIn(turned)).toBeLessThan(TONE.slope * 2.2);
  });

  test("a muted host is digital silence within an access unit, without a click, and comes back", () => {
    const rig = new Rig();
    rig.pull(SECOND);
    rig.line.set({ ...PLAIN, muted: true });
    const muting = rig.pull(2);
    expect(peakOf(muting.subarray(AU_SAMPLES))).toBe(0);
    expect(peakOf(muting.subarray(0, 100))).toBeGreaterThan(0.05);
    expect(stepIn(muting)).toBeLessThan(TONE.slope * 1.1);
    rig.line.set(PLAIN);
    const back = rig.pull(3);
    expect(stepIn(back)).toBeLessThan(TONE.slope * 1.1);
    expect(decibels(peakOf(back))).toBeCloseTo(-20, 1);
  });

  test("a muted host will not be heard, and is out of the mix; its first sample comes an access unit after the mute ends", () => {
    const rig = new Rig();
    rig.pull(SECOND);
    expect([rig.unheardFor, rig.isInMix]).toEqual([0, true]);
    rig.line.set({ ...PLAIN, muted: true });
    expect(rig.unheardFor, "it is still to be faded out").toBe(0);
    rig.pull(1);
    expect([rig.unheardFor, rig.isInMix]).toEqual([Number.POSITIVE_INFINITY, false]);
    rig.line.set(PLAIN);
    expect(rig.unheardFor, "hold audio ends now").toBe(0);
    expect(peakOf(rig.pull(1))).toBe(0);
    expect(peakOf(rig.pull(1))).toBeGreaterThan(0.05);
    expect(rig.isInMix).toBe(true);
  });

  test("the automatic level brings the host to -18 LUFS slowly, and is gone when it is switched off", () => {
    const rig = new Rig({ ...PLAIN, level: true });
    rig.pull(SECOND);
    expect(rig.line.levelDb).toBeLessThan(2);
    rig.pull(15 * SECOND);
    // 440 Hz weighs 0.6 dB less than 1 kHz.
    expect(rig.line.levelDb).toBeGreaterThan(2);
    expect(rig.line.levelDb).toBeLessThan(3.5);
    expect(decibels(peakOf(rig.pull(2)))).toBeCloseTo(-20 + rig.line.levelDb, 1);
    rig.line.set(PLAIN);
    expect(rig.line.levelDb).toBe(0);
    rig.pull(1);
    expect(decibels(peakOf(rig.pull(2)))).toBeCloseTo(-20, 1);
  });
});

describe("a host's loudness", () => {
  test("is that of its input, even while it is muted and turned up", () => {
    const [plain, muted] = [new Rig(), new Rig({ gainDb: 20, muted: true, level: true })];
    for (const rig of [plain, muted]) rig.pull(4 * SECOND);
    const { momentary, shortTerm, integrated, truePeakDb } = plain.line.loudness();
    for (const value of [momentary, shortTerm, integrated]) expect(value).toBeCloseTo(-20.6, 0);
    expect(truePeakDb).toBeCloseTo(-20, 1);
    expect(muted.line.loudness()).toEqual(plain.line.loudness());
  });

  test("falls to nothing in silence that is left out", () => {
    const rig = new Rig();
    rig.pull(SECOND);
    rig.line.skipSilence(samples(0), 4 * SAMPLE_RATE);
    expect(rig.line.loudness()).toMatchObject({ momentary: null, shortTerm: null, truePeakDb: null });
  });
});
