/**
 * The measuring signal: a steady tone, whose pitch, gaps and phase jumps show what happened to the sound, with a coded mark
 * every second, whose arrival shows when. It repeats every 16 s without a seam, so that one loop can be sent for any length of
 * time. A mark's code says to which second of the loop it belongs.
 */
export const LOOP_SECONDS = 16;
export const RATE = 48_000;
export const TONE_HZ = 1000;
/** A mark lasts 80 ms, long enough for a speech codec to carry it, and its centre lies half a second into its second. */
export const MARK_SECONDS = 0.08;
export const MARK_CENTRE = 0.5;

/** The frequency that stands for `code` (0 to 15): well above the tone, 200 Hz apart. */
export function markHz(code: number): number {
  return 2000 + 200 * code;
}

/** One loop, mono, in [-1, 1]. `toneHz` must be whole, so that the loop has no seam. */
export function measuringLoop(toneHz = TONE_HZ): Float32Array {
  const loop = new Float32Array(LOOP_SECONDS * RATE);
  for (let i = 0; i < loop.length; i++) loop[i] = 0.2 * Math.sin((2 * Math.PI * toneHz * i) / RATE);
  const length = MARK_SECONDS * RATE;
  for (let code = 0; code < LOOP_SECONDS; code++) {
    const start = (code + MARK_CENTRE) * RATE - length / 2;
    for (let i = 0; i < length; i++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length);
      const at = start + i;
      loop[at] = (loop[at] ?? 0) + 0.5 * hann * Math.sin((2 * Math.PI * markHz(code) * i) / RATE);
    }
  }
  return loop;
}
