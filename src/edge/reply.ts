import { withListener } from "../paths.ts";
import { mintListener, takesGzip } from "./accept.ts";
import { type CachedAnswer, OPEN_TO_ALL } from "./cached-answer.ts";
import { spanOf } from "./range.ts";

/**
 * Answers a listener's GET or HEAD from an object in memory: 304 if the listener has it already (RFC 9110 section 13.1.2),
 * 206 for a Range of media, gzip for text if the listener accepts it, else the whole object.
 *
 * @param listener the listener's id in the request's URL; null where it has none
 * @param now ms since 1970
 */
export function reply(
  cached: CachedAnswer,
  request: Request,
  listener: string | null,
  now: number,
): Response {
  const { status, bytes } = cached.loaded;
  const { headers: asked } = request;
  const stamp = cached.stamp(now);
  if (status === 200 && matches(asked.get("if-none-match"), cached.etag)) {
    return new Response(null, { status: 304, headers: stamp.common });
  }
  const isHead = request.method === "HEAD";
  if (cached.gzipped !== null && stamp.gzipped !== null) {
    // A Range on a playlist is ignored (section 14.2): some players send one with every request.
    if (!takesGzip(request, listener)) return answer(bytes, status, stamp.plain, isHead);
    return answer(cached.gzipped, status, stamp.gzipped, isHead, "manual");
  }
  // Ranges are defined for GET only (section 14.2).
  const range =
    status === 200 && !isHead && isStill(asked.get("if-range"), cached.etag) ? asked.get("range") : null;
  const span = spanOf(range, bytes.length);
  if (span.kind === "whole") return answer(bytes, status, stamp.plain, isHead);
  const headers = new Headers(stamp.common);
  if (span.kind === "unsatisfiable") {
    // A cache could take it for the answer to the whole URL, and keep it for as long as the media.
    headers.set("cache-control", "no-store");
    headers.set("content-range", `bytes */${bytes.length}`);
    headers.set("content-length", "0");
    return new Response(null, { status: 416, headers });
  }
  const slice = bytes.subarray(span.first, span.last + 1);
  headers.set("content-range", `bytes ${span.first}-${span.last}/${bytes.length}`);
  headers.set("content-length", String(slice.length));
  return answer(slice, 206, headers, false);
}

/**
 * The multivariant playlist for one listener. The media playlist's URL in it carries an id made for this listener, by which
 * listeners are told apart and counted. No cache may keep it: all listeners who got the cached copy would count as one.
 */
export function personal(cached: CachedAnswer, request: Request): Response {
  const text = withListener(decoder.decode(cached.loaded.bytes), mintListener(request));
  const headers = {
    ...OPEN_TO_ALL,
    "content-type": cached.loaded.contentType,
    "cache-control": "no-store",
    date: new Date().toUTCString(),
  };
  return new Response(request.method === "HEAD" ? null : text, { headers });
}

const decoder = new TextDecoder();

/** Makes a Response, which copies `headers`. To copy a Headers object costs a third of copying a record of strings. */
function answer(
  bytes: Uint8Array,
  status: number,
  headers: Headers,
  isHead: boolean,
  encodeBody: "automatic" | "manual" = "automatic",
): Response {
  const init = { status, headers, encodeBody };
  return new Response(isHead ? null : bytes, init);
}

/** Whether an If-Range header allows the Range: it is absent, or a matching strong validator (RFC 9110 section 13.1.5). */
export function isStill(header: string | null, etag: string): boolean {
  return header === null || (header.trim() === etag && !etag.startsWith("W/"));
}

/** Whether an If-None-Match header matches `etag`. It is a list of validators or `*`, and is compared weakly. */
export function matches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  const opaque = etag.replace(/^W\//, "");
  return header.split(",").some((item) => item.trim() === "*" || item.trim().replace(/^W\//, "") === opaque);
}
