import { canonicalPath, type Target } from "../paths.ts";
import { acceptsGzip } from "./accept.ts";
import { slice } from "./range.ts";

/** Headers of everything a listener gets: any page may play a broadcast, and read what players need to time it. */
const OPEN_TO_ALL = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Age, Date, Content-Length, Content-Range, ETag",
  "timing-allow-origin": "*",
};

/** Methods a listener has. */
export const LISTEN_METHODS = "GET, HEAD, OPTIONS";

/**
 * Answers a listener's GET or HEAD from the origin, which is asked for the canonical form alone: no query but the
 * directives, no header of the listener's, so that nothing a listener sends can make a new object upstream.
 */
export async function deliver(origin: Fetcher, target: Target, request: Request): Promise<Response> {
  const upstream = await origin.fetch(`https://origin${canonicalPath(target)}`);
  const headers = new Headers(OPEN_TO_ALL);
  for (const name of ["content-type", "content-length", "cache-control", "retry-after", "age"]) {
    const value = upstream.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  headers.set("date", new Date().toUTCString());
  const isText = target.kind === "playlist" || target.kind === "multivariant" || target.kind === "status";
  if (!isText) {
    headers.set("accept-ranges", "bytes");
    // GET alone has ranges (RFC 9110 section 14.2).
    const range = request.method === "GET" ? request.headers.get("range") : null;
    if (range !== null && upstream.status === 200) return slice(upstream, headers, range);
  }
  // A Range on a playlist is answered with the whole of it (RFC 9110 section 14.2): some players send one on all.
  if (isText) headers.set("vary", "Accept-Encoding");
  if (request.method === "HEAD") {
    await upstream.body?.cancel();
    return new Response(null, { status: upstream.status, headers });
  }
  if (isText && upstream.ok && acceptsGzip(request.headers.get("accept-encoding"))) {
    headers.set("content-encoding", "gzip");
    headers.delete("content-length");
    const body = upstream.body?.pipeThrough(new CompressionStream("gzip")) ?? null;
    return new Response(body, { status: upstream.status, headers, encodeBody: "manual" });
  }
  return new Response(upstream.body, { status: upstream.status, headers });
}

/** The answer to a preflight (Fetch standard, CORS protocol): reading is open to all, with a Range if need be. */
export function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...OPEN_TO_ALL,
      "access-control-allow-methods": LISTEN_METHODS,
      "access-control-allow-headers": "Range",
      "access-control-max-age": "86400",
      allow: LISTEN_METHODS,
    },
  });
}
