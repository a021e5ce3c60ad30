import { joinBytes } from "../bytes.ts";
/**
 * A progressive MP4 file (ISO/IEC 14496-12) made of the access units of CMAF chunks: ftyp, moov with its sample tables, mdat. It
 * is laid out from totals alone, so that its length and the place of every byte are known before any media is read. The long
 * pieces (sizes, offsets, media) are left as gaps, which the sender of the file fills.
 */

import { AU_SAMPLES } from "../media.ts";
import { ascii, type Bytes, box, boxIn, ftyp, full, u8, u32, u64 } from "./box.ts";
import { dinf, hdlr, mdhd, mvhd, smhd, tkhd } from "./moov.ts";

/** The totals from which a file is laid out. A chunk of the file is a segment of the show. */
export interface Totals {
  /** Access units. */
  readonly units: number;
  /** Bytes of all access units together. */
  readonly bytes: number;
  readonly chunks: number;
  /** How many access units each chunk has: from chunk `first` on (counted from 1) to the next run, each has `units`. */
  readonly runs: readonly { readonly first: number; readonly units: number }[];
  /** The contents of the sample description box, taken from an init segment ({@link descriptionIn}). */
  readonly description: Uint8Array;
  readonly title: string;
}

/** What a gap is to be filled with: the size of each access unit, the offset of each chunk, or the access units. */
export type Filling = "sizes" | "offsets" | "media";

export interface Gap {
  readonly filling: Filling;
  readonly length: number;
}

/** A file's bytes in order, with gaps that are still to be filled. */
export interface Layout {
  readonly pieces: readonly (Bytes | Gap)[];
  /** Length of the whole file, bytes. */
  readonly length: number;
  /** Where the media begins in the file, bytes. */
  readonly mediaAt: number;
  /** Bytes per chunk offset: 8 if the file has 4 GiB or more. */
  readonly offsetBytes: 4 | 8;
}

const SIZE_BYTES = 4;
const MOST_32 = 0xffff_ffff;

/** Returns the layout of a file with these totals. Chunk offsets have 8 bytes only if the file needs them. */
export function layOut(totals: Totals): Layout {
  const narrow = layOutWith(totals, 4);
  return narrow.length > MOST_32 ? layOutWith(totals, 8) : narrow;
}

/** Returns the contents of the sample description box of an init segment. Throws if it has none. */
export function descriptionIn(init: Uint8Array): Uint8Array {
  return ["moov", "trak", "mdia", "minf", "stbl", "stsd"].reduce(boxIn, init);
}

/** Converts the sizes of access units from 16-bit numbers, one after the other (big-endian), to those of the file. */
export function sizesOf(packed: Uint8Array): Bytes {
  const units = packed.length / 2;
  const bytes = new Uint8Array(SIZE_BYTES * units);
  for (let unit = 0; unit < units; unit++)
    bytes.set(packed.subarray(2 * unit, 2 * unit + 2), SIZE_BYTES * unit + 2);
  return bytes;
}

/** Returns, as the file has them, the offsets of chunks of these lengths, bytes, that follow each other from `at` on. */
export function offsetsOf(chunks: readonly number[], at: number, offsetBytes: Layout["offsetBytes"]): Bytes {
  const bytes = new Uint8Array(offsetBytes * chunks.length);
  let offset = at;
  for (const [index, length] of chunks.entries()) {
    bytes.set(offsetBytes === 4 ? u32(offset) : u64(offset), offsetBytes * index);
    offset += length;
  }
  return bytes;
}

function layOutWith({ units, bytes, chunks, runs, description, title }: Totals, offsetBytes: 4 | 8): Layout {
  const duration = units * AU_SAMPLES;
  const stbl = around("stbl", [
    box("stsd", description),
    full("stts", 0, 0, u32(1), u32(units), u32(AU_SAMPLES)), // entry_count, sample_count, sample_delta
    stsc(runs),
    // sample_size: 0, each access unit has its own; sample_count
    ...around("stsz", [u32(0), u32(0), u32(units), { filling: "sizes", length: SIZE_BYTES * units }]),
    // version and flags, entry_count
    ...around(offsetBytes === 4 ? "stco" : "co64", [
      u32(0),
      u32(chunks),
      { filling: "offsets", length: offsetBytes * chunks },
    ]),
  ]);
  const minf = around("minf", [smhd(), dinf(), ...stbl]);
  const mdia = around("mdia", [mdhd(duration), hdlr(), ...minf]);
  const trak = around("trak", [tkhd(duration), ...mdia]);
  const moov = around("moov", [mvhd(duration), ...trak, udta(title)]);
  const before = [ftyp("M4A ", ["M4A ", "isom", "mp42"]), ...moov, mdatHead(bytes)];
  const mediaAt = lengthOf(before);
  const pieces = [...before, { filling: "media" as const, length: bytes }];
  return { pieces, length: mediaAt + bytes, mediaAt, offsetBytes };
}

/** Sample to chunk. */
function stsc(runs: Totals["runs"]): Bytes {
  return full(
    "stsc",
    0, // version
    0, // flags
    u32(runs.length), // entry_count
    // first_chunk, samples_per_chunk, sample_description_index
    ...runs.map(({ first, units }) => joinBytes([u32(first), u32(units), u32(1)])),
  );
}

/** User data: the title, where players look for it (QuickTime metadata, "©nam"). */
function udta(title: string): Bytes {
  const data = box(
    "data",
    u32(1), // type: UTF-8
    u32(0), // locale
    new TextEncoder().encode(title),
  );
  const handler = full(
    "hdlr",
    0, // version
    0, // flags
    u32(0), // pre_defined
    ascii("mdir"), // handler_type
    ascii("appl"), // reserved; readers look for it
    u32(0), // reserved
    u32(0), // reserved
    u8(0), // name
  );
  return box("udta", full("meta", 0, 0, handler, box("ilst", box("\u00a9nam", data))));
}

/** The head of the media data box. Its size takes 64 bits if it does not fit 32. */
function mdatHead(bytes: number): Bytes {
  return bytes + 8 > MOST_32
    ? joinBytes([u32(1), ascii("mdat"), u64(bytes + 16)])
    : joinBytes([u32(bytes + 8), ascii("mdat")]);
}

/** Puts a box around pieces. */
function around(fourcc: string, pieces: readonly (Bytes | Gap)[]): (Bytes | Gap)[] {
  return [joinBytes([u32(lengthOf(pieces) + 8), ascii(fourcc)]), ...pieces];
}

function lengthOf(pieces: readonly (Bytes | Gap)[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
