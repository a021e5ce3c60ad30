import { digitHz } from "../../../local/host/signal.ts";

/**
 * A beep of the test signal, found in a recording: the second that it names, modulo 256, and its first sample (to about 2 ms).
 */
export interface Beep {
  readonly second: number;
  readonly at: number;
}

const TONE = 1_920;
const HOP = 480;

/** Finds the beeps in one channel of a recording at 48 kHz: roughly by the tones that are present, then exactly by loudness. */
export function findBeeps(pcm: Int16Array, channel: 0 | 1 = 0): Beep[] {
  const beeps: Beep[] = [];
  const last = pcm.length / 2 - 2 * TONE;
  for (let at = 0; at <= last; at += HOP) {
    const high = loudest(pcm, channel, at);
    const low = high === undefined ? undefined : loudest(pcm, channel, at + TONE);
    if (high === undefined || low === undefined) continue;
    let best = { at, level: 0 };
    for (let fine = Math.max(0, at - HOP); fine <= Math.min(last, at + HOP); fine += 24) {
      const level = power(pcm, channel, fine, high) + power(pcm, channel, fine + TONE, low);
      if (level > best.level) best = { at: fine, level };
    }
    beeps.push({ second: high * 16 + low, at: best.at });
    at = best.at + 2 * TONE;
  }
  return beeps;
}

/** The digit whose tone has most of a window's energy, if there is one. */
function loudest(pcm: Int16Array, channel: number, from: number): number | undefined {
  let energy = 0;
  for (let i = 0; i < TONE; i++) energy += (pcm[2 * (from + i) + channel] ?? 0) ** 2;
  if (energy < TONE * 200 ** 2) return undefined;
  const digits = Array.from({ length: 16 }, (_, digit) => digit);
  return digits.find((digit) => power(pcm, channel, from, digit) > 0.6 * energy);
}

/** The energy of a digit's tone in a window (the Goertzel recurrence). */
function power(pcm: Int16Array, channel: number, from: number, digit: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * digitHz(digit)) / 48_000);
  let [last, before] = [0, 0];
  for (let i = 0; i < TONE; i++) {
    const now = (pcm[2 * (from + i) + channel] ?? 0) + turn * last - before;
    before = last;
    last = now;
  }
  return (2 * (last * last + before * before - turn * last * before)) / TONE;
}
