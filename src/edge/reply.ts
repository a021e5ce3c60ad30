import { acceptsGzip } from "./accept.ts";
import type { Held } from "./held.ts";
import { spanOf } from "./range.ts";

/**
 * The answer to a listener's GET or HEAD from what the edge holds: 304 where the listener has it already (RFC 9110
 * section 13.1.2), 206 for a Range of media, gzip for text where it is offered, else the whole.
 *
 * @param now milliseconds since 1970
 */
export function reply(held: Held, request: Request, now: number): Response {
  const { status, bytes, retryAfter } = held.loaded;
  const { headers: asked } = request;
  const headers: Record<string, string> = { ...held.headers, date: new Date(now).toUTCString() };
  const age = Math.floor((now - held.fetchedAt) / 1000);
  if (age > 0) headers.age = String(age);
  if (retryAfter !== null) headers["retry-after"] = retryAfter;
  if (status === 200 && matches(asked.get("if-none-match"), held.etag)) {
    return new Response(null, { status: 304, headers });
  }
  const isHead = request.method === "HEAD";
  if (held.gzipped !== null) {
    // A Range on a playlist is answered with the whole of it (section 14.2): some players send one on all they ask.
    if (!acceptsGzip(asked.get("accept-encoding"))) return whole(bytes, status, headers, isHead);
    headers["content-encoding"] = "gzip";
    return whole(held.gzipped, status, headers, isHead, "manual");
  }
  // GET alone has ranges (section 14.2).
  const range = status === 200 && !isHead ? asked.get("range") : null;
  const span = range === null ? null : spanOf(range, bytes.length);
  if (span === null) return whole(bytes, status, headers, isHead);
  if (span === "unsatisfiable") {
    headers["content-range"] = `bytes */${bytes.length}`;
    headers["content-length"] = "0";
    return new Response(null, { status: 416, headers });
  }
  headers["content-range"] = `bytes ${span.first}-${span.last}/${bytes.length}`;
  return whole(bytes.subarray(span.first, span.last + 1), 206, headers, false);
}

function whole(
  bytes: Uint8Array,
  status: number,
  headers: Record<string, string>,
  isHead: boolean,
  encodeBody: "automatic" | "manual" = "automatic",
): Response {
  headers["content-length"] = String(bytes.length);
  const init = { status, headers, encodeBody };
  return new Response(isHead ? null : bytes, init);
}

/** If-None-Match: a list of validators or `*`, compared weakly. */
function matches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  return header
    .split(",")
    .some((item) => item.trim() === "*" || item.trim().replace(/^W\//, "") === etag.slice(2));
}
