/**
 * Serves the bucket on this machine as its public domain does on the platform: objects by their keys, with the headers that they
 * were put with. It is independent of the relay, and continues while the relay does not answer.
 */

interface Env {
  readonly MEDIA: R2Bucket;
}

/** Objects that listeners may read: the copy's playlists and the media in them. Producers' sound is not among them. */
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
    // A media object has some 30 kB, and the playlist of a day-long show 4 MB.
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

/** Parses a Range header with one range (RFC 9110 section 14.1.2) of `size` bytes; `to` is exclusive. Null: the whole object. */
function rangeOf(header: string | null, size: number): { from: number; to: number } | "beyond" | null {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return null;
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return to > from ? { from, to } : "beyond";
}
