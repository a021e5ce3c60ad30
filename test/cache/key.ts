/**
 * The key under which a request is cached (developers.cloudflare.com/workers/cache/cache-keys): the entrypoint, path and query
 * unchanged, and the headers that frameworks take for another method or URL. The host, the method, `Cookie`, `Authorization`
 * and all other headers are not in it. Headers that a response's `Vary` names are compared separately.
 * @param entrypoint the callee's name, with whatever else partitions its cache: the version unless versions share it, and
 * `ctx.props` if there are any
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
