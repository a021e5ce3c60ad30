/** Positions of bytes, both included, counted from 0. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** How much of a body is asked for: a span, more than there is, or the whole body. */
type Extent =
  | ({ readonly kind: "span" } & Span)
  | { readonly kind: "unsatisfiable" }
  | { readonly kind: "whole" };

const UNSATISFIABLE: Extent = { kind: "unsatisfiable" };
const WHOLE: Extent = { kind: "whole" };

/**
 * Reads a Range header for a body of `length` bytes (RFC 9110 section 14). A header that is not a single range of bytes is
 * ignored.
 *
 * @param range the header; null where the request has none, or it does not count
 */
export function spanOf(range: string | null, length: number): Extent {
  // Range unit names are case-insensitive (section 14.1).
  const match = range === null ? null : /^bytes=(\d*)-(\d*)$/i.exec(range.trim());
  if (match === null) return WHOLE;
  const [, from = "", to = ""] = match;
  if (from === "" && to === "") return WHOLE;
  if (from === "") {
    const count = Math.min(Number(to), length);
    return count === 0 ? UNSATISFIABLE : { kind: "span", first: length - count, last: length - 1 };
  }
  const first = Number(from);
  const last = to === "" ? length - 1 : Math.min(Number(to), length - 1);
  if (to !== "" && Number(to) < first) return WHOLE;
  return first >= length ? UNSATISFIABLE : { kind: "span", first, last };
}
