/**
 * What serves the bucket on this machine as its public domain does on the platform: what lies under a key, with the headers it
 * was put with, and no more. It is no part of the relay, and goes on where that does not answer.
 */

interface Env {
  readonly MEDIA: R2Bucket;
}

/** What of the bucket is the audience's: lists of the copy and what they name. Producers' sound is not. */
const SERVED = /^\/([a-z0-9-]{1,64}\/(?:[0-9a-z]{6,12}\/)?(?:lifeboat\.m3u8|init\.mp4|s\d{10}\.m4s))$/;

const OPEN_TO_ALL = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Age, Date, Content-Length, Content-Range, ETag",
};
const NOT_KEPT = { ...OPEN_TO_ALL, "cache-control": "no-store" };

export default {
  async fetch(request: Request, { MEDIA }: Env): Promise<Response> {
    const { method, headers } = request;
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: PREFLIGHT });
    if (method !== "GET" && method !== "HEAD") return new Response(null, { status: 405, headers: NOT_KEPT });
    const [, key] = SERVED.exec(new URL(request.url).pathname) ?? [];
    const object = key === undefined ? null : await MEDIA.get(key);
    if (object === null) return new Response("Not found\n", { status: 404, headers: NOT_KEPT });
    // An object has some 30 kB, and the list of a day 4 MB.
    const whole = await object.arrayBuffer();
    const about = new Headers(OPEN_TO_ALL);
    object.writeHttpMetadata(about);
    about.set("etag", object.httpEtag);
    about.set("accept-ranges", "bytes");
    if (headers.get("if-none-match") === object.httpEtag)
      return new Response(null, { status: 304, headers: about });
    const range = rangeOf(headers.get("range"), whole.byteLength);
    if (range === "beyond") {
      about.set("content-range", `bytes */${whole.byteLength}`);
      return new Response(null, { status: 416, headers: about });
    }
    const { from, to } = range ?? { from: 0, to: whole.byteLength };
    if (range !== null) about.set("content-range", `bytes ${from}-${to - 1}/${whole.byteLength}`);
    about.set("content-length", String(to - from));
    const body = method === "HEAD" ? null : whole.slice(from, to);
    return new Response(body, { status: range === null ? 200 : 206, headers: about });
  },
};

const PREFLIGHT = {
  ...OPEN_TO_ALL,
  "access-control-allow-methods": "GET, HEAD",
  "access-control-allow-headers": "range",
  "access-control-max-age": "86400",
};

/** The one range that is asked for (RFC 9110 section 14.1.2), its end exclusive, of `size` bytes; null: the whole. */
function rangeOf(header: string | null, size: number): { from: number; to: number } | "beyond" | null {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return null;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return to > from ? { from, to } : "beyond";
}
