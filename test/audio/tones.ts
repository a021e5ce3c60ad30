import { SAMPLE_RATE } from "../../src/media.ts";

/** Seconds and dBFS (the peak of each channel) of a stretch of tone. */
export type Piece = readonly [seconds: number, db: number];

/** A stereo 1 kHz tone whose level changes from piece to piece, as in EBU Tech 3341. */
export function sound(pieces: readonly Piece[], hertz = 1_000): Float32Array {
  const ends: { end: number; amplitude: number }[] = [];
  let end = 0;
  for (const [seconds, db] of pieces) {
    end += Math.round(seconds * SAMPLE_RATE);
    ends.push({ end, amplitude: 10 ** (db / 20) });
  }
  const pcm = new Float32Array(2 * end);
  let at = 0;
  for (const { end, amplitude } of ends) {
    for (; at < end; at++) {
      const value = amplitude * Math.sin((2 * Math.PI * hertz * at) / SAMPLE_RATE);
      pcm[2 * at] = value;
      pcm[2 * at + 1] = value;
    }
  }
  return pcm;
}
