import type { Secret } from "../access/secret.ts";
import { TAKE_MEMORY_MS } from "../audience/delivery-limiter.ts";
import { ageOf, type LiveEdge, ordinalOf, projected } from "../live-edge.ts";
import { LISTENER, parseListen, type Target } from "../paths.ts";
import { PROBLEMS } from "../problem.ts";
import type { Address } from "./address.ts";
import { OPEN_TO_ALL } from "./cached-answer.ts";
import { Delivery } from "./delivery.ts";
import { type EdgeEnv, originOf, secretsOf } from "./env.ts";
import { KnownIds } from "./known-ids.ts";
import type { WaitUntil } from "./memory.ts";
import { allowOf, answerBy, type Methods } from "./methods.ts";
import { downloadPlaces, recording } from "./recording.ts";
import { refuse } from "./refusal.ts";
import { type SentMedia, Sightings } from "./sightings.ts";

/** One each per isolate. */
const delivery = new Delivery();
const knownIds = new KnownIds();
const sightings = new Sightings();
const downloads = downloadPlaces();

/** The reads that playback does not need. An operator can switch them off on an overloaded relay (`SIDE_CALLS`). */
const SIDE_CALLS: ReadonlySet<Target["kind"]> = new Set([
  "status",
  "audience",
  "events",
  "recording",
  "chapters",
]);

/**
 * Answers a listener, from this isolate's memory or from the origin. The edge asks the origin once for all listeners who want
 * the same object, and refuses names of objects that can not exist. This runs for every request of every listener, so all
 * that does not depend on the request is done once and kept.
 *
 * @param address the request's URL, which begins with `/live/`
 */
export async function answerListener(
  address: Address,
  request: Request,
  env: EdgeEnv,
  context: ExecutionContext,
): Promise<Response> {
  return answerBy(METHODS, request.method, address, request, env, context);
}

const METHODS: Methods<[Address, Request, EdgeEnv, ExecutionContext]> = {
  GET: read,
  HEAD: read,
  OPTIONS: preflight,
};

const ALLOW = allowOf(METHODS);

/** The answer to a preflight (Fetch standard, CORS protocol): any page may read, and may send a Range. */
function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...OPEN_TO_ALL,
      "access-control-allow-methods": ALLOW,
      "access-control-allow-headers": "Range",
      "access-control-max-age": "86400",
      allow: ALLOW,
    },
  });
}

async function read(
  address: Address,
  request: Request,
  env: EdgeEnv,
  context: ExecutionContext,
): Promise<Response> {
  const target = parseListen(address);
  if (target.kind === "problem") return refuse(target);
  if (env.SIDE_CALLS === "off" && SIDE_CALLS.has(target.kind)) return refuse(PROBLEMS.sideCallsOff);
  const secret = knownIds.secretOf(target.id) ?? (await knownIds.learn(secretsOf(env), target.id));
  if (secret === null) return refuse(PROBLEMS.unknownBroadcast);
  const waitUntil = (work: Promise<unknown>) => context.waitUntil(work);
  if (target.kind === "recording")
    return recording(delivery, downloads, () => originOf(env, context), target, request, waitUntil);
  const listener = address.searchParams.get(LISTENER);
  const response = await delivery.answer(() => originOf(env, context), target, request, listener, waitUntil);
  if (request.method === "GET") count(env, secret, target, listener, request, response, waitUntil);
  return response;
}

/** Counts the listener (by a live playlist) or the delivered media, and reports both when a report is due. */
function count(
  env: EdgeEnv,
  secret: Secret,
  target: Target,
  listener: string | null,
  request: Request,
  response: Response,
  waitUntil: WaitUntil,
): void {
  const liveEdge = delivery.liveEdgeOf(target.id);
  // A listener who gets 304 for a playlist is listening too.
  if (liveEdge === null || liveEdge.ended || !(response.ok || response.status === 304)) return;
  const { id } = target;
  const { headers } = request;
  const from = headers.get("cf-connecting-ip") ?? "";
  if (target.kind === "part" || target.kind === "segment") {
    const media = mediaOf(target, liveEdge, Date.now());
    const share = sentShare(response);
    if (media !== null && share > 0)
      sightings.deliver(id, { ...media, share, address: from }, secret, waitUntil);
  } else if (target.kind !== "playlist" && target.kind !== "rewind") return;
  else {
    // Address and user agent stand for the id of a player that drops it from the URL.
    const self = listener ?? `${from} ${headers.get("user-agent")}`;
    sightings.see(id, self, from, secret, waitUntil);
  }
  sightings.report(id, env.AUDIENCE, waitUntil);
}

/**
 * Numbers the media within its show. A segment has the number of its first part, because a player loads one or the other.
 *
 * A listener who has rewound fetches older segments, as fast as they play. Each counts as if it were one of the newest
 * {@link FETCHED_AHEAD} segments. So a network gets as much counted as if its listeners played live, and no more: who downloads
 * the whole past at once counts as one who joins. Null for older parts: lists name the past by whole segments only.
 */
function mediaOf(
  target: Extract<Target, { kind: "part" | "segment" }>,
  liveEdge: LiveEdge,
  now: number,
): Pick<SentMedia, "names" | "mediaMs"> | null {
  const { partsPerSegment, partMillis } = liveEdge;
  const isOld = ageOf(liveEdge, target, now) > TAKE_MEMORY_MS;
  if (target.kind === "part")
    return isOld
      ? null
      : { names: [ordinalOf(liveEdge, { msn: target.msn, part: target.index })], mediaMs: partMillis };
  const mediaMs = partsPerSegment * partMillis;
  if (!isOld) return { names: [ordinalOf(liveEdge, { msn: target.msn, part: 0 })], mediaMs };
  const { lastMsn } = projected(liveEdge, now);
  const names = FETCHED_AHEAD.map((back) => ordinalOf(liveEdge, { msn: lastMsn - back, part: 0 }));
  return { names, mediaMs };
}

/** The segments before the newest that a joining player fetches at once: three target durations (audience/figure.ts `BURST_MS`). */
const FETCHED_AHEAD: readonly number[] = [0, 1, 2];

/** How much of the media an answer carries, 0 to 1: a 206 its range, a 304 nothing. */
function sentShare({ status, headers }: Response): number {
  if (status !== 206) return status === 200 ? 1 : 0;
  const [, first, last, length] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "") ?? [];
  return (Number(last) - Number(first) + 1) / Number(length);
}
