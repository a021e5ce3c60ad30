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
