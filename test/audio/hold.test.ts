import { describe, expect, test } from "vitest";
import { HOLD_UNITS, holdUnit } from "../../src/audio/hold.ts";
import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../../src/media.ts";
import { run } from "../kit/program.ts";
import { largestStep } from "../kit/sine.ts";

/**
 * The built-in hold audio, measured: its loudness, how even it is, its highest frequencies, and that it repeats without a seam.
 */

const UNIT = CHANNELS * AU_SAMPLES;

/** Access units `from` to `to` of the hold audio. */
function sound(from: number, to: number): Float32Array {
  const pcm = new Float32Array(UNIT * (to - from));
  for (let n = from; n < to; n++) pcm.set(holdUnit(n), UNIT * (n - from));
  return pcm;
}

/** The largest change from one sample frame to the next, in either channel. */
const stepIn = (pcm: Float32Array) => largestStep(pcm, CHANNELS, CHANNELS).step;

/** One whole round, and the beginning of the next. */
const whole = sound(0, HOLD_UNITS + 100);

/** Runs ffmpeg with `filter` on the hold audio, and returns what it prints. */
async function ffmpeg(filter: string): Promise<string> {
  const input = ["-f", "f32le", "-ar", String(SAMPLE_RATE), "-ac", String(CHANNELS), "-i", "pipe:0"];
  const args = ["-hide_banner", "-nostats", ...input, "-af", filter, "-f", "null", "-"];
  const { code, stderr } = await run("ffmpeg", args, { seconds: 120, input: new Uint8Array(whole.buffer) });
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}\n${stderr}`);
  return stderr;
}

describe("the built-in hold audio", () => {
  test("repeats after 95.9 s, bit for bit and without a step", () => {
    expect((HOLD_UNITS * AU_SAMPLES) / SAMPLE_RATE).toBeCloseTo(95.9, 1);
    expect(holdUnit(HOLD_UNITS + 7)).toEqual(holdUnit(7));
    const elsewhere = stepIn(whole.subarray(0, UNIT * (HOLD_UNITS - 1)));
    expect(elsewhere).toBeLessThan(0.012);
    expect(stepIn(whole.subarray(UNIT * (HOLD_UNITS - 1), UNIT * (HOLD_UNITS + 1)))).toBeLessThan(elsewhere);
  });

  test("has no step between two units that is larger than those within them", () => {
    let [within, between] = [0, 0];
    for (let i = CHANNELS; i < whole.length; i++) {
      const step = Math.abs((whole[i] as number) - (whole[i - CHANNELS] as number));
      if (i % UNIT < CHANNELS) between = Math.max(between, step);
      else within = Math.max(within, step);
    }
    expect(between).toBeLessThan(1.05 * within);
  });

  test("is at -24 LUFS by ffmpeg's meter, with peaks below -12 dBFS", async () => {
    const said = await ffmpeg("ebur128=peak=true");
    const summary = said.slice(said.lastIndexOf("Summary:"));
    const integrated = Number(/I:\s+(-?[\d.]+) LUFS/.exec(summary)?.[1]);
    console.log(summary.replace(/\n\s*/g, " "));
    expect(Math.abs(integrated + 24)).toBeLessThan(0.5);
    expect(Number(/Peak:\s+(-?[\d.]+) dBFS/.exec(summary)?.[1])).toBeLessThan(-12);
    expect(Number(/LRA:\s+([\d.]+) LU/.exec(summary)?.[1])).toBeLessThan(3);
  });

  test("stays within 2 LU of -24 LUFS over any 3 s", async () => {
    const seen = [...(await ffmpeg("ebur128")).matchAll(/ S:\s*(-[\d.]+)/g)]
      .map(([, lufs]) => Number(lufs))
      .slice(30);
    expect(seen.length).toBeGreaterThan(900);
    expect(Math.min(...seen)).toBeGreaterThan(-26);
    expect(Math.max(...seen)).toBeLessThan(-22);
  });

  test("has nothing audible above 5 kHz, and no DC offset", async () => {
    const said = await ffmpeg(
      "highpass=f=5000:p=2,highpass=f=5000:p=2,highpass=f=5000:p=2,astats=measure_perchannel=none",
    );
    const rms = Number(/RMS level dB:\s+(-?[\d.]+|-inf)/.exec(said)?.[1]?.replace("-inf", "-200"));
    expect(rms).toBeLessThan(-85);
    const mean = whole.reduce((sum, value) => sum + value, 0) / whole.length;
    expect(Math.abs(mean)).toBeLessThan(1e-4);
  });
});
