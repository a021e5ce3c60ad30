/**
 * Slices a stored 200 (RFC 9110 section 14): 206 for one range of bytes, 416 where it begins behind the end; null where
 * the whole is to be handed out: no range of bytes, more than one, or none that can be read.
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
