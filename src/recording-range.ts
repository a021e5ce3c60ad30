import type { Filling, Layout } from "./hls/movie.ts";
import type { Plan, SegmentBlock } from "./recording-api.ts";

/**
 * A byte range of a recording, as the edge requests it from Origin. It is not a Range request, because the cache in front of
 * Origin would store the response as a part of the whole file. `first` and `last` are both included.
 */
export interface ByteRange {
  readonly id: string;
  /** The validator of the recording that the bytes belong to. */
  readonly etag: string;
  readonly first: number;
  readonly last: number;
}

/**
 * How many reads Origin makes in one call at most, of segments from R2 and of segment blocks from the Broadcast: 16 blocks of 500
 * segments, which are more than four hours of sound, and the blocks again for the head of a file. Workers allows a call 10,000
 * subrequests, and some reads have to be repeated. Bytes would be no measure: a segment of digital silence has 540.
 *
 * A listener's request may make 32 calls over service bindings, and one of them asks for the facts. So an answer has up to 31
 * calls' bytes, five days of sound. A longer one breaks off there; its client goes on with a Range.
 */
const MOST_READS = 8_100;

/**
 * Returns the last byte that Origin sends in the call in which it is asked for byte `first` and those after it: the bytes of at
 * most {@link MOST_READS} reads, and whole blocks.
 */
export function lastInCall({ pages: blocks }: Plan, layout: Layout, first: number): number {
  let at = 0;
  let reads = 0;
  for (const piece of layout.pieces) {
    if (!("filling" in piece)) {
      at += piece.length;
      continue;
    }
    for (const block of blocks) {
      const end = at + lengthOfBlock(piece.filling, block, layout);
      if (end > first) reads += piece.filling === "media" ? 1 + block.segments : 1;
      if (reads > MOST_READS) return at - 1;
      at = end;
    }
  }
  return layout.length - 1;
}

/** Returns how many bytes of a gap's filling come from one block. A size has 4 bytes (`stsz`). */
export function lengthOfBlock(
  filling: Filling,
  { units, segments, bytes }: SegmentBlock,
  { offsetBytes }: Layout,
): number {
  return { sizes: 4 * units, offsets: offsetBytes * segments, media: bytes }[filling];
}

/**
 * How many downloads of recordings an isolate sends at a time, at the edge and again in Origin. One whose listener reads nothing
 * holds up to 0.7 MB: Origin's four segments of at most 128 KB, and a piece at the edge. So they hold at most 45 of the 128 MB
 * of an isolate, even where edge and Origin share one.
 */
export const MOST_DOWNLOADS = 64;
/**
 * After this long without a byte taken by its listener, a download is ended, ms. A browser that plays the file may read two
 * megabytes ahead and then nothing until they are played, four minutes at 64 kbit/s. Whoever was only slow goes on with a Range.
 */
export const STALL_MS = 300_000;
/** After this long without progress, a download is not counted any more, ms: the runtime has dropped it. */
export const LOST_MS = STALL_MS + 60_000;

/** Returns the path of a byte range. Listeners cannot request it; only the edge does, from Origin. */
export function rangePath({ id, etag, first, last }: ByteRange): string {
  return `/recording/${id}/${etag}/${first}-${last}`;
}

/** Parses a path made by {@link rangePath}; null where it is none. */
export function parseRange(pathname: string): ByteRange | null {
  const match = /^\/recording\/([a-z0-9-]{1,64})\/([0-9a-f]{32})\/(\d{1,15})-(\d{1,15})$/.exec(pathname);
  if (match === null) return null;
  const [, id = "", etag = "", first, last] = match;
  return { id, etag, first: Number(first), last: Number(last) };
}
