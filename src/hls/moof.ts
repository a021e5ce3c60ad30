import { joinBytes } from "../bytes.ts";
/** The boxes at the head of a CMAF chunk (see box.ts). */

import { type Bytes, box, boxIn, contentsOf, full, TRACK, u32, u64 } from "./box.ts";

/** Returns a fragment of `sizes.length` access units of `unit` samples each, the first at `at`. `mdat` must follow at once. */
export function moof(sequence: number, at: number, unit: number, sizes: readonly number[]): Bytes {
  const assemble = (dataOffset: number) =>
    box("moof", mfhd(sequence), box("traf", tfhd(unit), tfdt(at), trun(dataOffset, sizes)));
  // The run's data offset counts from the moof's first byte to mdat's first payload byte: its own size + 8.
  return assemble(assemble(0).length + 8);
}

/** Returns the size in bytes of each access unit of a chunk made with {@link moof}, in order. Throws if it is no such chunk. */
export function unitSizes(chunk: Uint8Array): number[] {
  const run = boxIn(boxIn(boxIn(chunk, "moof"), "traf"), "trun");
  const view = new DataView(run.buffer, run.byteOffset, run.byteLength);
  // Version and flags, sample_count, data_offset.
  return Array.from({ length: view.getUint32(4) }, (_, index) => view.getUint32(12 + 4 * index));
}

/** Returns the bytes of all access units of a segment, which is chunks, one after the other; empty if it has none. */
export function accessUnitBytes(segment: Uint8Array): Bytes {
  return joinBytes(contentsOf(segment, "mdat"));
}

/** Movie fragment header. */
function mfhd(sequence: number): Bytes {
  return full(
    "mfhd",
    0, // version
    0, // flags
    u32(sequence), // sequence_number
  );
}

/** Track fragment header. */
function tfhd(unit: number): Bytes {
  return full(
    "tfhd",
    0, // version
    0x020028, // flags: default-base-is-moof, default-sample-duration-present, default-sample-flags-present
    u32(TRACK), // track_ID
    u32(unit), // default_sample_duration
    u32(INDEPENDENT), // default_sample_flags
  );
}

/** Track fragment decode time, 64-bit: 32 bits of 48 kHz wrap after a day. */
function tfdt(at: number): Bytes {
  return full(
    "tfdt",
    1, // version
    0, // flags
    u64(at), // baseMediaDecodeTime
  );
}

/** Track run. */
function trun(dataOffset: number, sizes: readonly number[]): Bytes {
  return full(
    "trun",
    0, // version
    0x000201, // flags: data-offset-present, sample-size-present
    u32(sizes.length), // sample_count
    u32(dataOffset), // data_offset
    ...sizes.map(u32), // sample_size
  );
}

/** sample_depends_on = 2, a sync sample: every AAC-LC access unit decodes by itself (14496-12 8.8.3.1). */
const INDEPENDENT = 0x02000000;
