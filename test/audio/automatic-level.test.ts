import { describe, expect, test } from "vitest";
import { AutomaticLevel } from "../../src/audio/automatic-level.ts";
import { LoudnessMeter } from "../../src/audio/loudness.ts";
import { AU_SAMPLES, SAMPLE_RATE } from "../../src/media.ts";
import { music, voice } from "../kit/voice.ts";

/** The automatic level brings a voice to -18 LUFS slowly, and leaves pauses and the dynamics of music alone. */

const SECOND = SAMPLE_RATE / AU_SAMPLES;

function loudnessOf(pcm: Float32Array): number {
  const meter = new LoudnessMeter();
  meter.push(pcm);
  return meter.read().integrated ?? Number.NEGATIVE_INFINITY;
}

/** Levels `pcm` access unit by access unit. Returns the result, and the gain of each unit, dB. */
function level(pcm: Float32Array, automaticLevel = new AutomaticLevel()) {
  const meter = new LoudnessMeter();
  const out = pcm.slice();
  const gains: number[] = [];
  for (let i = 0; i + 2 * AU_SAMPLES <= pcm.length; i += 2 * AU_SAMPLES) {
    meter.push(pcm.subarray(i, i + 2 * AU_SAMPLES));
    automaticLevel.push(meter.momentary, AU_SAMPLES);
    const gain = 10 ** (automaticLevel.gainDb / 20);
    for (let k = i; k < i + 2 * AU_SAMPLES; k++) out[k] = (out[k] as number) * gain;
    gains.push(automaticLevel.gainDb);
  }
  const rates = gains.slice(1).map((gain, n) => Math.abs(gain - (gains[n] as number)) * SECOND);
  return { out, gains, fastest: Math.max(...rates) };
}

/** Room noise, stereo. */
const roomOf = (seconds: number) =>
  Float32Array.from({ length: 2 * seconds * SAMPLE_RATE }, (_, i) => Math.sin(i * 1.7) * Math.sin(i * 0.31));

/** `pcm` scaled to a loudness of `lufs`. */
function at(lufs: number, pcm: Float32Array): Float32Array {
  const gain = 10 ** ((lufs - loudnessOf(pcm)) / 20);
  return pcm.map((value) => value * gain);
}

describe("a voice", () => {
  test.each([-30, -24, -18, -12, -8])("of %i LUFS is at -18 within 1.5 LU after 10 s", (lufs) => {
    const { out, gains, fastest } = level(at(lufs, voice(1, 30)));
    const settled = out.subarray(2 * 10 * SAMPLE_RATE);
    console.log(
      `${lufs} LUFS: ${loudnessOf(settled).toFixed(2)} LUFS after 10 s, gain ${gains.at(-1)?.toFixed(2)} dB`,
    );
    expect(Math.abs(loudnessOf(settled) + 18)).toBeLessThan(1.5);
    expect(fastest).toBeLessThan(3);
  });

  test("of -40 LUFS is raised by 12 dB and no more", () => {
    const { gains } = level(at(-40, voice(2, 20)));
    expect(gains.at(-1)).toBe(12);
  });

  test("that becomes 10 dB softer is back at -18 within 1.5 LU after a minute", () => {
    const automaticLevel = new AutomaticLevel();
    level(at(-20, voice(3, 30)), automaticLevel);
    level(at(-30, voice(4, 60)), automaticLevel);
    const { out } = level(at(-30, voice(5, 20)), automaticLevel);
    expect(Math.abs(loudnessOf(out) + 18)).toBeLessThan(1.5);
  });

  test("after a room of -45 LUFS, which was raised, is near its level after 5 s of speech", () => {
    const automaticLevel = new AutomaticLevel();
    expect(level(at(-45, roomOf(10)), automaticLevel).gains.at(-1)).toBe(12);
    const { gains } = level(at(-18, voice(7, 10)), automaticLevel);
    expect(Math.abs(gains[Math.round(6.2 * SECOND)] as number)).toBeLessThan(1.5);
  });
});

describe("a pause", () => {
  const room = at(-42, roomOf(20));

  test.each([
    ["silence", 0],
    ["a room 22 LU under the voice", 1],
  ])("of %s does not move the gain", (_what, gain) => {
    const automaticLevel = new AutomaticLevel();
    const { gains } = level(at(-20, voice(8, 20)), automaticLevel);
    // The pause has a meter of its own, which holds nothing of the voice.
    const pause = level(
      room.map((value) => gain * value),
      automaticLevel,
    );
    expect(new Set(pause.gains)).toEqual(new Set(gains.slice(-1)));
  });

  test("before the first word, in a room of -54 LUFS, does not move the gain", () => {
    expect(level(at(-54, room)).gains.at(-1)).toBe(0);
  });

  test("between sentences moves the gain by less than 0.6 dB in all", () => {
    const { gains } = level(at(-26, voice(10, 60, 1, 0.02)));
    const settled = gains.slice(Math.round(20 * SECOND));
    expect(Math.max(...settled) - Math.min(...settled)).toBeLessThan(0.6);
  });
});

describe("music", () => {
  test.each([2, 8])("with soft and loud passages of %i s keeps at least 11 of their 14 dB", (passage) => {
    const piece = music(64, passage);
    const { gains } = level(piece);
    const settled = gains.slice(Math.round(32 * SECOND));
    const moved = Math.max(...settled) - Math.min(...settled);
    console.log(`passages of ${passage} s: the gain moves by ${moved.toFixed(2)} dB`);
    expect(moved).toBeLessThan(3);
  });
});
