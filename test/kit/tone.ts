/** The left and right tones of the continuity tests: whole hertz, so that one second of either repeats exactly. */
export const LEFT_HZ = 443;
export const RIGHT_HZ = 1013;

/** A source of the two tones that keeps its phase from call to call. */
export function toneSource(amplitude = 12_000): (frames: number) => Int16Array {
  let at = 0;
  return (frames) => {
    const data = new Int16Array(frames * 2);
    for (let i = 0; i < frames; i++, at++) {
      data[2 * i] = Math.round(amplitude * Math.sin((2 * Math.PI * LEFT_HZ * (at % 48_000)) / 48_000));
      data[2 * i + 1] = Math.round(amplitude * Math.sin((2 * Math.PI * RIGHT_HZ * (at % 48_000)) / 48_000));
    }
    return data;
  };
}

/** What a tone's phase shows about a recording. */
export interface Continuity {
  readonly windows: number;
  /** Windows without the tone. */
  readonly silent: number;
  /** Windows whose phase does not follow from the previous window: samples are missing, doubled or made up. */
  readonly jumps: number;
  /** The largest step of the phase between two windows, degrees. */
  readonly worst: number;
  /** The tone's mean amplitude. */
  readonly amplitude: number;
}

/**
 * Follows the phase of the tone `hertz` in one channel of interleaved stereo, in 10 ms windows (Hann). One sample too many
 * turns it by `hertz x 0.0075` degrees: 3.3 for 443 Hz, 7.6 for 1013 Hz. A lost 20 ms frame turns it by far more.
 */
export function followTone(pcm: Int16Array, channel: 0 | 1, hertz: number, limit = 8): Continuity {
  const size = 480;
  let [windows, silent, jumps, worst, total] = [0, 0, 0, 0, 0];
  let before: number | undefined;
  for (let start = 0; start + size <= pcm.length / 2; start += size, windows++) {
    let [real, imaginary, weight] = [0, 0, 0];
    for (let i = 0; i < size; i++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size);
      const angle = (2 * Math.PI * hertz * ((start + i) % 48_000)) / 48_000;
      const value = (pcm[2 * (start + i) + channel] ?? 0) * hann;
      real += value * Math.cos(angle);
      imaginary -= value * Math.sin(angle);
      weight += hann;
    }
    const amplitude = (2 * Math.hypot(real, imaginary)) / weight;
    if (amplitude < 300) {
      silent++;
      before = undefined;
      continue;
    }
    total += amplitude;
    const phase = (Math.atan2(imaginary, real) * 180) / Math.PI;
    if (before !== undefined) {
      const turn = Math.abs(((phase - before + 540) % 360) - 180);
      worst = Math.max(worst, turn);
      if (turn > limit) jumps++;
    }
    before = phase;
  }
  return { windows, silent, jumps, worst, amplitude: total / Math.max(1, windows - silent) };
}
