import { joinBytes } from "../bytes.ts";

/**
 * ISO base media file format boxes (ISO/IEC 14496-12) as bytes. A box is a pure function named by its fourcc; it writes one
 * field per line, with the field's name beside it. The boxes of the init segment are in moov.ts, those of a chunk in moof.ts.
 * They write only what one CMAF audio track needs (ISO/IEC 23000-19), so none has options that are never used.
 */

export type Bytes = Uint8Array<ArrayBuffer>;

/** The only track. */
export const TRACK = 1;

/** Returns a box: its size, its fourcc, its contents. */
export function box(fourcc: string, ...contents: readonly Uint8Array[]): Bytes {
  const body = joinBytes(contents);
  return joinBytes([u32(body.length + 8), ascii(fourcc), body]);
}

/** Returns the contents of the first box of that name in `bytes`, which is a sequence of boxes. Throws if there is none. */
export function boxIn(bytes: Uint8Array, fourcc: string): Uint8Array {
  const [first] = contentsOf(bytes, fourcc);
  if (first === undefined) throw new RangeError(`there is no ${fourcc} box`);
  return first;
}

/** Returns the contents of each box of that name in `bytes`, which is a sequence of boxes. */
export function contentsOf(bytes: Uint8Array, fourcc: string): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Uint8Array[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at);
    if (size < 8) break;
    if (String.fromCharCode(...bytes.subarray(at + 4, at + 8)) === fourcc)
      found.push(bytes.subarray(at + 8, at + size));
    at += size;
  }
  return found;
}

/** Returns a box with a version and flags (14496-12 4.2.2). */
export function full(
  fourcc: string,
  version: number,
  flags: number,
  ...contents: readonly Uint8Array[]
): Bytes {
  return box(fourcc, u8(version), u24(flags), ...contents);
}

/** File type; first in the init segment. */
export function ftyp(major: string, compatible: readonly string[]): Bytes {
  return box(
    "ftyp",
    ascii(major), // major_brand
    u32(0), // minor_version
    ...compatible.map(ascii), // compatible_brands
  );
}

/** Segment type; first in a segment. */
export function styp(major: string, compatible: readonly string[]): Bytes {
  return box(
    "styp",
    ascii(major), // major_brand
    u32(0), // minor_version
    ...compatible.map(ascii), // compatible_brands
  );
}

/** Media data. */
export function mdat(payload: readonly Uint8Array[]): Bytes {
  return box("mdat", ...payload);
}

export function ascii(text: string): Bytes {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export function u8(value: number): Bytes {
  return Uint8Array.of(value);
}

export function u16(value: number): Bytes {
  return Uint8Array.of(value >>> 8, value);
}

export function u24(value: number): Bytes {
  return Uint8Array.of(value >>> 16, value >>> 8, value);
}

/** Writes the value modulo 2^32. */
export function u32(value: number): Bytes {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Exact up to 2^53 - 1. */
export function u64(value: number): Bytes {
  return joinBytes([u32(Math.floor(value / 0x1_0000_0000)), u32(value % 0x1_0000_0000)]);
}
