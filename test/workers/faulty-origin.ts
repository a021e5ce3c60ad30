import { ARCHIVE, type Asked, BYTES, EPOCH, RECORDING_BYTES, SLOW_MS } from "./faulty-show.ts";

/**
 * An origin that fails on demand: it throws, hangs, errs, breaks off and lies, as the real one can not be made to do.
 * It is bound as `env.ORIGIN`, and is a fake for that reason alone; everything else in these tests is the deployed
 * edge.
 *
 * A show's slug names the fault of its media, e.g. `throws-1-7k3f9q`: the words before the number. Its multivariant
 * playlist always works, and its recording, of zeros. Requests are recorded and returned at `/asked/ID`.
 */

const LIVE_EDGE = `${EPOCH};live;0;9;2;5;640;parts;`;
const ARCHIVED = `${EPOCH};live;${ARCHIVE.segments - 15};${ARCHIVE.segments - 1};2;5;640;parts;`;
const KEPT = { "content-type": "audio/mp4", "cache-control": "public, max-age=3600, immutable" };

const asked: Asked[] = [];

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const [, first, id = "", ...rest] = pathname.split("/");
    if (first === "asked") return Response.json(asked.filter((one) => one.id === id));
    const headers = Object.fromEntries(request.headers);
    const before = asked.filter((one) => one.path === pathname + search).length;
    asked.push({ id, path: pathname + search, method: request.method, headers });
    const name = rest.at(-1) ?? "";
    const fault = id.replace(/-\d+-[0-9a-z]{6}$/, "");
    if (name === "recording.m4a") {
      const facts = { length: RECORDING_BYTES, etag: "0".repeat(32), title: "A show" };
      return Response.json(facts, { headers: { "cache-control": "public, max-age=1" } });
    }
    if (first === "recording") return new Response(zeros(name));
    if (name === "index.m3u8") {
      const text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nk0000000/audio.m3u8\n";
      return list(text, 1, fault === "archive" ? ARCHIVED : LIVE_EDGE);
    }
    if (fault === "archive") return new Response(new Uint8Array(ARCHIVE.bytes), { headers: KEPT });
    if (fault === "slow") await sleep(SLOW_MS);
    else if (fault !== "well" && (!fault.startsWith("once-") || before === 0)) {
      return failing(fault.replace("once-", ""));
    }
    if (name === "audio.m3u8") return list(`#EXTM3U\n#asked:${search}\n`, search === "" ? 1 : 12);
    return new Response(BYTES, { headers: { ...KEPT, "content-length": String(BYTES.length) } });
  },
};

/** The bytes of a range, `first-last`, as they are taken. */
function zeros(range: string): ReadableStream<Uint8Array> {
  const [first, last] = range.split("-").map(Number);
  let left = Number(last) - Number(first) + 1;
  return new ReadableStream({
    pull(controller) {
      if (left > 0) controller.enqueue(new Uint8Array(Math.min(left, 200_000)));
      else controller.close();
      left -= 200_000;
    },
  });
}

function list(text: string, seconds: number, liveEdge = LIVE_EDGE): Response {
  const headers = {
    "content-type": "application/vnd.apple.mpegurl",
    "cache-control": `public, max-age=${seconds}`,
    "earshot-live-edge": liveEdge + Date.now(),
  };
  return new Response(text, { headers });
}

async function failing(fault: string): Promise<Response> {
  switch (fault) {
    case "throws":
      throw new Error("thrown by the test");
    case "hangs":
      await sleep(60_000);
      return new Response("too late");
    case "errs":
      return new Response("<h1>Error</h1>", {
        status: 500,
        headers: { "cache-control": "public, max-age=60" },
      });
    case "bad-gateway":
      return new Response("error code: 502", { status: 502 });
    case "breaks":
      return halfOf((half) => half.error(new Error("broken by the test")));
    case "ends-early":
      return halfOf((half) => half.close(), { "content-length": String(BYTES.length) });
    case "stalls":
      return halfOf(() => sleep(60_000));
    case "says-more":
      return new Response(BYTES, { headers: { ...KEPT, "content-length": String(BYTES.length + 1) } });
    case "says-less":
      return new Response(BYTES, { headers: { ...KEPT, "content-length": String(BYTES.length - 1) } });
    default:
      throw new Error(`there is no fault "${fault}"`);
  }
}

/** Returns the first half of a body, then runs `then`. */
function halfOf(
  then: (half: ReadableStreamDefaultController<Uint8Array>) => unknown,
  headers: Record<string, string> = {},
): Response {
  let isFirst = true;
  const body = new ReadableStream<Uint8Array>({
    async pull(half) {
      if (isFirst) half.enqueue(BYTES.subarray(0, BYTES.length / 2));
      else await then(half);
      isFirst = false;
    },
  });
  return new Response(body, { headers: { ...KEPT, ...headers } });
}
