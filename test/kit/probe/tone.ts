import { goertzel, magnitude } from "./goertzel.ts";

/** A stretch of a recording, in seconds from its first sample. */
export interface Stretch {
  readonly at: number;
  readonly seconds: number;
}

const BLOCK_SECONDS = 0.01;

/** The level of `hz` over the whole recording (a sine of amplitude a gives a). */
export function toneLevel(pcm: Float32Array, rate: number, hz: number): number {
  const levels = blocks(pcm, rate).map((from) => magnitude(goertzel(pcm, from, blockOf(rate), hz, rate)));
  return levels.reduce((sum, one) => sum + one, 0) / levels.length;
}

/** The pitch of the tone near `hz`: the median advance of its phase from block to block (within +-50 Hz). */
export function pitch(pcm: Float32Array, rate: number, hz: number): number {
  const advances = phaseAdvances(pcm, rate, hz).sort((a, b) => a - b);
  const median = advances[advances.length >> 1] ?? 0;
  return hz + median / (2 * Math.PI * BLOCK_SECONDS);
}

/** A tone below this amplitude is not there at all. Tests send theirs with 0.1 to 0.3. */
const AUDIBLE = 0.01;

/**
 * Where the tone is missing for a block (10 ms) or longer: below a quarter of its median level, or below {@link AUDIBLE}. A
 * recording that is mostly silence has a median near zero.
 */
export function gaps(pcm: Float32Array, rate: number, hz: number): Stretch[] {
  const levels = blocks(pcm, rate).map((from) => magnitude(goertzel(pcm, from, blockOf(rate), hz, rate)));
  const median = [...levels].sort((a, b) => a - b)[levels.length >> 1] ?? 0;
  const least = Math.max(median / 4, AUDIBLE);
  const found: Stretch[] = [];
  let start = -1;
  for (let i = 0; i <= levels.length; i++) {
    const missing = i < levels.length && (levels[i] ?? 0) < least;
    if (missing && start < 0) start = i;
    if (!missing && start >= 0) {
      found.push({ at: start * BLOCK_SECONDS, seconds: (i - start) * BLOCK_SECONDS });
      start = -1;
    }
  }
  return found;
}

/** The least that the relay's buffer for late packets holds, ms. */
const BUFFERED_MS = 40;

/** How many stalls of the longest one's length may be assumed; with more than that, the machine did not cause the gaps. */
const STALLS = 3;

/**
 * Returns the gaps that the machine did not cause. `stalledMs` is the longest time for which it kept a sender (a publisher, the
 * media server) from running. A stall beyond the relay's buffer must be heard as silence of its length. It excuses no gap when
 * the short gaps together are longer than a few such stalls.
 */
export function unexcusedGaps(pcm: Float32Array, rate: number, hz: number, stalledMs: number): Stretch[] {
  const found = gaps(pcm, rate, hz);
  const excused = stalledMs > BUFFERED_MS ? stalledMs / 1000 : 0;
  const isShort = ({ seconds }: Stretch) => seconds <= excused;
  const short = found.filter(isShort).reduce((sum, { seconds }) => sum + seconds, 0);
  return short > STALLS * excused ? found : found.filter((gap) => !isShort(gap));
}

/** Where samples were lost, doubled or replaced: the tone's phase leaps by more than `radians` between two blocks. */
export function phaseJumps(pcm: Float32Array, rate: number, hz: number, radians = 0.5): number[] {
  const advances = phaseAdvances(pcm, rate, hz);
  const median = [...advances].sort((a, b) => a - b)[advances.length >> 1] ?? 0;
  return advances.flatMap((advance, i) =>
    Math.abs(wrap(advance - median)) > radians ? [(i + 1) * BLOCK_SECONDS] : [],
  );
}

function phaseAdvances(pcm: Float32Array, rate: number, hz: number): number[] {
  const phases = blocks(pcm, rate).map((from) => {
    const { re, im } = goertzel(pcm, from, blockOf(rate), hz, rate);
    return Math.atan2(im, re);
  });
  return phases.slice(1).map((phase, i) => wrap(phase - (phases[i] ?? 0)));
}

function wrap(radians: number): number {
  return radians - 2 * Math.PI * Math.round(radians / (2 * Math.PI));
}

function blockOf(rate: number): number {
  return Math.round(BLOCK_SECONDS * rate);
}

function blocks(pcm: Float32Array, rate: number): number[] {
  const length = blockOf(rate);
  return Array.from({ length: Math.floor(pcm.length / length) }, (_, i) => i * length);
}
