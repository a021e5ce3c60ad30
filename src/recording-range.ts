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
