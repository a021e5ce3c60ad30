import { Mixer } from "../../src/audio/mixer.ts";
import { AU_SAMPLES, SAMPLE_RATE } from "../../src/media.ts";
import { uniforms } from "./random.ts";

const SECONDS = 4;
export const FRAMES = SECONDS * SAMPLE_RATE - ((SECONDS * SAMPLE_RATE) % AU_SAMPLES);

/** Stereo of {@link FRAMES} sample frames. */
export function stereo(left: (n: number) => number, right: (n: number) => number = left): Float32Array {
  return Float32Array.from({ length: 2 * FRAMES }, (_, i) => (i % 2 === 0 ? left(i >> 1) : right(i >> 1)));
}

export const turn = (hertz: number, n: number) => (2 * Math.PI * hertz * n) / SAMPLE_RATE;
export const tone =
  (hertz: number, amplitude: number, phase = 0) =>
  (n: number) =>
    amplitude * Math.sin(turn(hertz, n) + phase);
export const square = (hertz: number) => (n: number) => (Math.sin(turn(hertz, n) + 0.01) >= 0 ? 1 : -1);

export function noise(seed: number): (n: number) => number {
  const uniform = uniforms(seed);
  return () => 2 * uniform() - 1;
}

/** Mixes lines as the pipeline does, access unit by access unit. The last LOOK_AHEAD frames are still in the mixer. */
export function mix(lines: readonly Float32Array[]): Float32Array {
  const mixer = new Mixer();
  const out = new Float32Array(2 * FRAMES);
  for (let i = 0; i < out.length; i += 2 * AU_SAMPLES)
    out.set(
      mixer.mix(
        lines.map((line) => line.subarray(i, i + 2 * AU_SAMPLES)),
        AU_SAMPLES,
      ),
      i,
    );
  return out;
}

/** Eight lines, one for each host. */
export const eightLines = (line: (host: number) => Float32Array) =>
  Array.from({ length: 8 }, (_, host) => line(host));
/** What eight hosts at full scale may send. */
export const LOUD: Readonly<Record<string, () => Float32Array[]>> = {
  "square waves": () => eightLines((host) => stereo(square(100 + 37 * host), square(130 + 41 * host))),
  "the same square wave": () => eightLines(() => stereo(square(440))),
  noise: () => eightLines((host) => stereo(noise(host), noise(host + 50))),
  "sines whose peaks are between samples": () =>
    eightLines(() => stereo(tone(12_000, 1, Math.PI / 4), tone(8_000, 1, Math.PI / 3))),
  "high sines": () => eightLines((host) => stereo(tone(15_000 + 900 * host, 1), tone(21_000, 1, host))),
  impulses: () => eightLines((host) => stereo((n) => (n % (4_800 + 7 * host) === 100 ? 1 : 0))),
  "impulses in pairs": () =>
    eightLines(() => stereo((n) => (n % 9_600 === 100 || n % 9_600 === 101 ? 1 : 0))),
  "bursts of 20 ms": () =>
    eightLines((host) => stereo((n) => (n % 9_600 < 960 ? tone(300 + 100 * host, 1)(n) : 0))),
  "sines that come all at once": () =>
    eightLines((host) => stereo((n) => (n < 40_000 ? 0 : tone(200 + 50 * host, 1, 1)(n)))),
};
