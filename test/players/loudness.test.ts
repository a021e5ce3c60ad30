import { describe, expect, test } from "vitest";
import { LoudnessMeter } from "../../src/audio/loudness.ts";
import { TruePeak } from "../../src/audio/true-peak.ts";
import { SAMPLE_RATE } from "../../src/media.ts";
import { LOUD, mix } from "../kit/loud.ts";
import { music, voice } from "../kit/voice.ts";
import { ebur128 } from "./ebur128.ts";

/**
 * Our meters read what ffmpeg's ebur128 filter reads, and by that filter too the limiter's output stays below -1 dBTP.
 */

describe("loudness", () => {
  test.each<[string, () => Float32Array]>([
    ["a voice", () => voice(11, 30)],
    ["music", () => music(30, 6)],
    ["a soft voice", () => voice(12, 30, 0.03)],
  ])("of %s is what ffmpeg reads, to 0.1 LU", async (what, make) => {
    const pcm = make();
    const meter = new LoudnessMeter();
    meter.push(pcm);
    const { integrated } = meter.read();
    const theirs = (await ebur128(pcm)).integrated;
    console.log(`${what}: ${integrated?.toFixed(2)} LUFS, by ffmpeg ${theirs}`);
    expect(Math.abs((integrated ?? Number.NaN) - theirs)).toBeLessThanOrEqual(0.1);
  });
});

const decibels = (ratio: number) => 20 * Math.log10(ratio);

describe("true peak", () => {
  test("is what ffmpeg reads, to 0.3 dB, for sound below 10 kHz", async () => {
    const chord = Float32Array.from({ length: 2 * SAMPLE_RATE }, (_, i) =>
      [440, 1_250, 3_700, 9_100].reduce(
        (sum, hertz) => sum + 0.2 * Math.sin((2 * Math.PI * hertz * (i >> 1)) / SAMPLE_RATE + hertz),
        0,
      ),
    );
    const own = decibels(new TruePeak().push(chord));
    expect(Math.abs(own - (await ebur128(chord)).truePeakDb)).toBeLessThan(0.3);
  });

  test.each(Object.keys(LOUD))("of eight hosts at full scale, %s: at most -1 dBFS", async (what) => {
    const mixed = mix((LOUD[what] as () => Float32Array[])());
    const theirs = (await ebur128(mixed)).truePeakDb;
    console.log(`${what}: ${decibels(new TruePeak().push(mixed)).toFixed(2)} dBTP, by ffmpeg ${theirs}`);
    expect(theirs).toBeLessThanOrEqual(-1);
  });
});
