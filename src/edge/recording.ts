import type { Target } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import type { RecordingFacts } from "../recording-api.ts";
import { stretchPath } from "../recording-stretch.ts";
import type { Delivery } from "./delivery.ts";
import { fileName } from "./file-name.ts";
import { Held, OPEN_TO_ALL } from "./held.ts";
import type { WaitUntil } from "./memory.ts";
import { type Span, spanOf } from "./range.ts";
import { refuse } from "./refusal.ts";
import { isStill, matches, reply } from "./reply.ts";

/**
 * Caches may keep it for a minute, as the list of an ended show: a deleted one is gone by then. After that its validator
 * tells whether it is the same.
 */
const CACHE_CONTROL = "public, max-age=60";
/**
 * What is asked of Origin in one call: each call may ask for 10,000 segments (Workers, limits: subrequests), which at 64 kbit/s have
 * 150 MB, and a request may make 32 calls (service bindings). A listener gets 4 GiB in one answer, three days of sound.
 */
export const STRETCH_BYTES = 128 * 1024 * 1024;
/** How long Origin may take until it begins to answer, milliseconds. */
const BEGIN_TIMEOUT_MS = 10_000;

/**
 * Answers for the recording of a show: 200, 206 for a Range, 304, 416, all from what is known of it; the bytes themselves are asked
 * of Origin and passed on as they come, so that nothing of the file stays here.
 */
export async function recording(
  delivery: Delivery,
  origin: () => Fetcher,
  target: Extract<Target, { kind: "recording" }>,
  request: Request,
  waitUntil: WaitUntil,
): Promise<Response> {
  const held = await delivery.find(origin, target, waitUntil);
  if (!(held instanceof Held)) return refuse(held);
  if (held.loaded.status !== 200) return reply(held, request, null, Date.now());
  const facts = JSON.parse(new TextDecoder().decode(held.loaded.bytes)) as RecordingFacts;
  const { length } = facts;
  const { headers: asked } = request;
  const headers = headersOf(facts);
  const etag = `"${facts.etag}"`;
  if (matches(asked.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const isHead = request.method === "HEAD";
  const range = isHead || !isStill(asked.get("if-range"), etag) ? null : asked.get("range");
  const span = range === null ? null : spanOf(range, length);
  if (span === "unsatisfiable") {
    headers.set("content-range", `bytes */${length}`);
    headers.set("content-length", "0");
    return new Response(null, { status: 416, headers });
  }
  const { first, last } = span ?? { first: 0, last: length - 1 };
  headers.set("content-length", String(last - first + 1));
  if (span !== null) headers.set("content-range", `bytes ${first}-${last}/${length}`);
  if (isHead) return new Response(null, { headers });
  const ask = (stretch: Span) => stretchOf(origin(), target.id, facts.etag, stretch);
  return stretches(ask, { first, last }, { status: span === null ? 200 : 206, headers });
}

/** The bytes, stretch by stretch. */
async function stretches(
  ask: (span: Span) => Promise<ReadableStream<Uint8Array> | Problem>,
  { first, last }: Span,
  init: { readonly status: number; readonly headers: Headers },
): Promise<Response> {
  const spanAt = (at: number): Span => ({ first: at, last: Math.min(last, at + STRETCH_BYTES - 1) });
  const body = await ask(spanAt(first));
  if ("kind" in body) return refuse(body);
  const whole = new FixedLengthStream(last - first + 1);
  const pass = async () => {
    let stretch: ReadableStream<Uint8Array> | Problem = body;
    for (let at = first; ; ) {
      // It ends with whichever of both goes away first.
      await stretch.pipeTo(whole.writable, { preventClose: true });
      at += STRETCH_BYTES;
      if (at > last) return whole.writable.close();
      stretch = await ask(spanAt(at));
      if ("kind" in stretch) throw new Error(stretch.message);
    }
  };
  // Who reads it is told by its breaking off.
  pass().catch((error: unknown) => whole.writable.abort(error).catch(() => {}));
  return new Response(whole.readable, init);
}

/** One stretch. Its time limit is until it begins: a slow listener may take hours for it. */
async function stretchOf(
  origin: Fetcher,
  id: string,
  etag: string,
  span: Span,
): Promise<ReadableStream<Uint8Array> | Problem> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), BEGIN_TIMEOUT_MS);
  try {
    const path = stretchPath({ id, etag, ...span });
    const answer = await origin.fetch(`https://origin${path}`, { signal: giveUp.signal });
    if (answer.status === 200 && answer.body !== null) return answer.body;
    await answer.body?.cancel();
    return answer.status === 404 ? PROBLEMS.unknownBroadcast : PROBLEMS.recordingUnreadable;
  } catch (error) {
    console.warn(`The origin gave nothing of the recording of ${id}: ${String(error)}`);
    return PROBLEMS.noAnswer;
  } finally {
    clearTimeout(timer);
  }
}

function headersOf({ etag, title }: RecordingFacts): Headers {
  return new Headers({
    ...OPEN_TO_ALL,
    "content-type": "audio/mp4",
    "content-disposition": fileName(title),
    "accept-ranges": "bytes",
    "cache-control": CACHE_CONTROL,
    etag: `"${etag}"`,
  });
}
