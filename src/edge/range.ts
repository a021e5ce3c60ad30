/**
 * Reads a Range header for a body of `length` bytes (RFC 9110 section 14). Null: the header is not a single range of bytes, and
 * is to be ignored.
 */
export function spanOf(range: string, length: number): Span | "unsatisfiable" | null {
  // Range unit names are case-insensitive (section 14.1).
  const match = /^bytes=(\d*)-(\d*)$/i.exec(range.trim());
  if (match === null) return null;
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return null;
  if (from === "") {
    const count = Math.min(Number(to), length);
    return count === 0 ? "unsatisfiable" : { first: length - count, last: length - 1 };
  }
  const first = Number(from);
  const last = to === "" ? length - 1 : Math.min(Number(to), length - 1);
  if (to !== "" && Number(to) < first) return null;
  return first >= length ? "unsatisfiable" : { first, last };
}

/** Positions of bytes, both included, counted from 0. */
export interface Span {
  readonly first: number;
  readonly last: number;
}
