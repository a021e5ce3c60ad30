/**
 * The key a request is cached under (developers.cloudflare.com/workers/cache/cache-keys): the entrypoint, path and query
 * as they stand, and the headers that frameworks take for another method or URL. Not the host, the method, `Cookie`,
 * `Authorization` or any other header; those that a response's `Vary` names are looked at beside the key.
 *
 * @param entrypoint the callee's name, with whatever else partitions its cache: the version unless it is shared across
 *   versions, `ctx.props` where there are any
 */
export function keyOf(entrypoint: string, request: Request): string {
  const { pathname, search } = new URL(request.url);
  const posing = POSING.map((name) => request.headers.get(name));
  const scheme = request.headers.get("x-forwarded-scheme");
  return JSON.stringify([
    entrypoint,
    pathname + search,
    ...posing,
    scheme === "http" || scheme === "https" ? null : scheme,
  ]);
}

const POSING = [
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
  "x-forwarded-host",
  "x-host",
  "x-original-url",
  "x-rewrite-url",
  "forwarded",
  "cloudflare-workers-version-key",
];
