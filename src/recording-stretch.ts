/**
 * Bytes of a recording, as the edge asks Origin for them. It is no Range request, since the cache before Origin would take that for
 * a part of a whole that it may keep. `first` and `last` are both included.
 */
export interface Stretch {
  readonly id: string;
  /** The validator of the recording that they are of. */
  readonly etag: string;
  readonly first: number;
  readonly last: number;
}

/** No listener's URL: the edge asks it of Origin alone. */
export function stretchPath({ id, etag, first, last }: Stretch): string {
  return `/recording/${id}/${etag}/${first}-${last}`;
}

/** Reads what {@link stretchPath} has built; null where it is none. */
export function parseStretch(pathname: string): Stretch | null {
  const match = /^\/recording\/([a-z0-9-]{1,64})\/([0-9a-f]{32})\/(\d{1,15})-(\d{1,15})$/.exec(pathname);
  if (match === null) return null;
  const [, id = "", etag = "", first, last] = match;
  return { id, etag, first: Number(first), last: Number(last) };
}
