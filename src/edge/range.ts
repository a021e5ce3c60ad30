/**
 * Answers a Range request with exactly the bytes asked for (RFC 9110 section 14): 206 with a Content-Range that agrees
 * with the body, 416 where nothing overlaps, 200 where the header is not one range of bytes.
 *
 * @param whole a 200 whose body is small enough to be held (a part or a segment: some tens of kilobytes)
 */
export async function slice(whole: Response, headers: Headers, range: string): Promise<Response> {
  const bytes = new Uint8Array(await whole.arrayBuffer());
  const span = parse(range, bytes.length);
  if (span === "unsatisfiable") {
    headers.set("content-range", `bytes */${bytes.length}`);
    headers.set("content-length", "0");
    return new Response(null, { status: 416, headers });
  }
  const body = span === null ? bytes : bytes.subarray(span.first, span.last + 1);
  if (span !== null) headers.set("content-range", `bytes ${span.first}-${span.last}/${bytes.length}`);
  headers.set("content-length", String(body.length));
  return new Response(body, { status: span === null ? 200 : 206, headers });
}

function parse(range: string, length: number): { first: number; last: number } | "unsatisfiable" | null {
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
