import { z } from "zod";
import { type Place, Places, withTimeout } from "../limit.ts";
import { originUrl, type Target } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import type { RecordingFacts } from "../recording-api.ts";
import { LOST_MS, MOST_DOWNLOADS, rangePath, STALL_MS } from "../recording-range.ts";
import { OPEN_TO_ALL } from "./cached-answer.ts";
import type { Delivery } from "./delivery.ts";
import { fileName } from "./file-name.ts";
import type { WaitUntil } from "./memory.ts";
import { type Span, spanOf } from "./range.ts";
import { refuse } from "./refusal.ts";
import { isStill, matches, reply } from "./reply.ts";

/**
 * Caches may keep an answer for a minute, like the list of an ended show: a deleted recording is gone by then. After that the
 * validator tells them whether the recording has changed.
 */
const CACHE_CONTROL = "public, max-age=60";
/** How long Origin may take until it begins to answer, ms. */
const BEGIN_TIMEOUT_MS = 10_000;
/** How many bytes are passed on at a time, at most. */
const PIECE_BYTES = 64 * 1024;

/** Returns the places of an isolate's downloads, of which it has one set. */
export function downloadPlaces(): Places {
  return new Places(MOST_DOWNLOADS, LOST_MS);
}

/**
 * Answers a request for the recording of a show: 200, 206 for a Range, 304 or 416. Its facts, which the edge keeps, decide that.
 * The edge asks Origin for the bytes and passes them on as they come, so that nothing of the file stays in memory. 503 where as
 * many downloads are in progress as `places` has.
 */
export async function recording(
  delivery: Delivery,
  places: Places,
  origin: () => Fetcher,
  target: Extract<Target, { kind: "recording" }>,
  request: Request,
  waitUntil: WaitUntil,
): Promise<Response> {
  const cached = await delivery.find(origin, target, waitUntil);
  if (cached.kind === "problem") return refuse(cached);
  if (cached.loaded.status !== 200) return reply(cached, request, null, Date.now());
  const facts = factsIn(cached.loaded.bytes);
  if (facts === null) return refuse(PROBLEMS.recordingUnreadable);
  const { length } = facts;
  const { headers: asked } = request;
  const headers = headersOf(facts);
  const etag = `"${facts.etag}"`;
  if (matches(asked.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const isHead = request.method === "HEAD";
  const range = isHead || !isStill(asked.get("if-range"), etag) ? null : asked.get("range");
  const span = spanOf(range, length);
  if (span.kind === "unsatisfiable") {
    // No cache may keep it in place of the file (see reply.ts).
    headers.set("cache-control", "no-store");
    headers.set("content-range", `bytes */${length}`);
    headers.set("content-length", "0");
    return new Response(null, { status: 416, headers });
  }
  const { first, last } = span.kind === "span" ? span : { first: 0, last: length - 1 };
  headers.set("content-length", String(last - first + 1));
  if (span.kind === "span") headers.set("content-range", `bytes ${first}-${last}/${length}`);
  if (isHead) return new Response(null, { headers });
  const place = places.take(Date.now());
  if (place === null) return refuse(PROBLEMS.tooManyDownloads);
  const ask = (stretch: Span) => fetchRange(origin(), target.id, facts.etag, stretch);
  const beginning = await ask({ first, last });
  if (beginning.kind === "problem") {
    places.leave(place);
    return refuse(beginning);
  }
  const whole = new FixedLengthStream(last - first + 1);
  const listener = whole.writable.getWriter();
  const passed = pass(ask, beginning, { first, last }, listener, place).finally(() => places.leave(place));
  // The status has been sent by then: only the body's breaking off can tell the listener.
  waitUntil(passed.catch((error: unknown) => listener.abort(error).catch(() => {})));
  return new Response(whole.readable, { status: span.kind === "span" ? 206 : 200, headers });
}

/** One stretch of the file, as Origin sends it. */
interface RangeBytes {
  readonly kind: "stretch";
  readonly bytes: ReadableStream<Uint8Array>;
}

const Facts: z.ZodType<RecordingFacts> = z.object({
  length: z.int().nonnegative(),
  etag: z.string(),
  title: z.string(),
});

/** Reads Origin's answer. Null where an Origin of another version has sent something else. */
function factsIn(bytes: Uint8Array): RecordingFacts | null {
  try {
    return Facts.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    console.warn(`The facts of a recording can not be read: ${String(error)}`);
    return null;
  }
}

/** Asks Origin for a stretch of the file. */
type Ask = (stretch: Span) => Promise<RangeBytes | Problem>;

/**
 * Passes on the bytes `first` to `last`. The first stretch of them is here; Origin ends it where one call can read no more, and
 * is asked for the rest. Rejects where Origin's bytes break off, or the listener leaves or takes nothing for {@link STALL_MS}.
 */
async function pass(
  ask: Ask,
  beginning: RangeBytes,
  { first, last }: Span,
  listener: WritableStreamDefaultWriter<Uint8Array>,
  place: Place,
): Promise<void> {
  let stretch: RangeBytes | Problem = beginning;
  for (let at = first; ; ) {
    const passed = await passStretch(stretch.bytes, listener, place);
    if (passed === 0) throw new Error("Origin sends nothing");
    at += passed;
    if (at > last) return withTimeout(listener.close(), STALL_MS);
    stretch = await ask({ first: at, last });
    if (stretch.kind === "problem") throw new Error(stretch.message);
  }
}

/**
 * Passes on one stretch and returns how many bytes it had. It goes piece by piece, as the runtime's own way (pipeTo) does not
 * tell whether the listener takes anything. Each piece has a new buffer, because the stream may still hold the one before it.
 */
async function passStretch(
  bytes: ReadableStream<Uint8Array>,
  listener: WritableStreamDefaultWriter<Uint8Array>,
  place: Place,
): Promise<number> {
  const reader = bytes.getReader({ mode: "byob" });
  try {
    for (let passed = 0; ; ) {
      const { done, value } = await reader.read(new Uint8Array(PIECE_BYTES));
      if (done) return passed;
      passed += value.length;
      await withTimeout(listener.write(value), STALL_MS);
      place.usedAt = Date.now();
    }
  } catch (error) {
    // Origin stops making the stretch.
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** Asks Origin for one range. The timeout covers only the wait for its beginning: a slow listener may take hours for it. */
async function fetchRange(
  origin: Fetcher,
  id: string,
  etag: string,
  span: Span,
): Promise<RangeBytes | Problem> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), BEGIN_TIMEOUT_MS);
  try {
    const path = rangePath({ id, etag, ...span });
    const answer = await origin.fetch(originUrl(path), { signal: giveUp.signal });
    if (answer.status === 200 && answer.body !== null) return { kind: "stretch", bytes: answer.body };
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
