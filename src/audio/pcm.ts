import { CHANNELS } from "../media.ts";

/** One packet of a host's PCM: interleaved stereo of 2.5 to 120 ms; both counters are u32 and wrap. */
export interface PcmPacket {
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly pcm: Float32Array;
}

/**
 * Decodes s16le interleaved stereo into interleaved floats in [-1, 1): 32767 -> 0.99997, -32768 -> -1. The bytes may
 * start at any offset of their buffer, odd ones too. A trailing part of a sample frame (under 4 bytes) is dropped.
 */
export function decodeS16(bytes: Uint8Array): Float32Array {
  const count = CHANNELS * frameCountS16(bytes.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pcm = new Float32Array(count);
  for (let i = 0; i < count; i++) pcm[i] = view.getInt16(2 * i, true) / 32_768;
  return pcm;
}

/** Whole stereo sample frames in `byteLength` bytes of s16le. */
export function frameCountS16(byteLength: number): number {
  return Math.floor(byteLength / (2 * CHANNELS));
}

/** Sample frames in interleaved stereo `pcm`. */
export function frameCount(pcm: Float32Array): number {
  return pcm.length / CHANNELS;
}

/** The largest absolute sample of `pcm`, 0 when it is empty. */
export function peakOf(pcm: Float32Array): number {
  let peak = 0;
  for (let i = 0; i < pcm.length; i++) {
    const size = Math.abs(pcm[i] as number);
    if (size > peak) peak = size;
  }
  return peak;
}

/** Whether interleaved `pcm` is digital silence. */
export function isSilent(pcm: Float32Array): boolean {
  for (let i = 0; i < pcm.length; i++) if (pcm[i] !== 0) return false;
  return true;
}
