import { joinBytes } from "../bytes.ts";
/**
 * The bytes of the stream: one init segment, then one CMAF chunk (moof + mdat) per part (ISO/IEC 23000-19 7.3).
 * A segment is its parts one after the other (draft-pantos-hls-rfc8216bis section 3.2), so it needs no bytes of its own.
 */

import { AU_SAMPLES, type Frame } from "../media.ts";
import { ftyp, mdat, styp } from "./box.ts";
import { moof } from "./moof.ts";
import { moov } from "./moov.ts";

/**
 * Returns the Media Initialization Section (draft section 3.1.2): ftyp with the brand iso6 first, then moov; all durations 0,
 * no samples, no edit list.
 *
 * `config` is the encoder's AudioSpecificConfig, which is copied into the esds (48 kHz stereo AAC-LC; at most 96 bytes).
 * `bitrate` is nominal, bit/s.
 */
export function initSegment(config: Uint8Array, options: { bitrate: number }): Uint8Array<ArrayBuffer> {
  return joinBytes([ftyp("iso6", ["iso6", "cmfc", "mp42"]), moov(config, options.bitrate)]);
}

/**
 * Returns one CMAF chunk of `frames`. Throws if they do not follow each other without a gap, which every listener would hear.
 * The chunk's decode time is the first frame's `at`, which must not be negative (fatal in Media3). `sequence` is written modulo
 * 2^32, the width of mfhd's field. The first chunk of a segment begins with a styp.
 */
export function chunk(
  sequence: number,
  frames: readonly Frame[],
  options: { segmentStart: boolean },
): Uint8Array<ArrayBuffer> {
  const first = frames[0];
  if (first === undefined) throw new RangeError("a chunk needs a frame");
  if (!Number.isSafeInteger(first.at) || first.at < 0) throw new RangeError(`no decode time: ${first.at}`);
  for (const [index, frame] of frames.entries()) {
    const due = first.at + index * AU_SAMPLES;
    if (frame.at !== due) throw new RangeError(`frame at ${frame.at}, expected at ${due}`);
  }
  const sizes = frames.map((frame) => frame.bytes.length);
  const head = options.segmentStart ? [styp("msdh", ["msdh", "cmfs", "cmff", "cmfl"])] : [];
  return joinBytes([
    ...head,
    moof(sequence, first.at, AU_SAMPLES, sizes),
    mdat(frames.map((frame) => frame.bytes)),
  ]);
}
