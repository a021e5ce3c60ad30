/**
 * Slices a stored 200 (RFC 9110 section 14). Returns 206 for one range of bytes and 416 where the range begins after the end.
 * Returns null where the whole body must be sent: without a range, with more than one, or with one that can not be read.
 */
export function slice(bytes: Uint8Array<ArrayBuffer>, range: string, headers: Headers): Response | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range.trim());
  if (match === null || (match[1] === "" && match[2] === "")) return null;
  const size = bytes.length;
  const first = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === "" || match[2] === "" ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (match[1] !== "" && match[2] !== "" && Number(match[2]) < first) return null;
  const sliced = new Headers(headers);
  if (first >= size) {
    sliced.set("content-range", `bytes */${size}`);
    sliced.set("content-length", "0");
    return new Response(null, { status: 416, headers: sliced });
  }
  sliced.set("content-range", `bytes ${first}-${last}/${size}`);
  sliced.set("content-length", String(last + 1 - first));
  return new Response(bytes.subarray(first, last + 1), { status: 206, headers: sliced });
}
