import type { Context } from "hono";
import {
  badDescription,
  EMPTY_TRACK,
  type Failed,
  fail,
  invalidParams,
  NOT_FOUND_TRACK,
  sessionError,
} from "./failure.ts";
import { PullRequest, RenegotiateRequest, readBody } from "./request.ts";
import type { Session } from "./session.ts";
import type { Track } from "./track.ts";

/** How long a requested track may take until its first packet, ms. */
const MEDIA_MILLIS = 2_000;
/** How long a request for more tracks waits for the session to connect, ms. */
const CONNECT_MILLIS = 5_000;

/**
 * Handles `POST tracks/new` for tracks of other sessions. The SFU makes the offer. A track that cannot be sent gets an error in
 * its item, and the status stays 200. Refused while an offer waits for its answer, and on a session that publishes; the real
 * service allows the latter.
 *
 * @param sessionOf returns the session with an id, if there is one
 */
export async function pullTracks(
  c: Context,
  session: Session,
  text: string,
  sessionOf: (id: string) => Session | undefined,
): Promise<Response> {
  const request = readBody(PullRequest, text);
  if (request.kind === "unreadable") return fail(c, request.error);
  if (session.pulls.isAnswerAwaited) return fail(c, badDescription("An offer waits for its answer."));
  if (session.tracks.size > 0) return fail(c, invalidParams("tracks: this session publishes"));
  if (
    session.state === "connecting" &&
    !(await session.until(() => session.state === "connected", CONNECT_MILLIS))
  ) {
    return fail(c, sessionError(425, "The session is not connected yet."));
  }
  const wanted = await Promise.all(
    request.body.tracks.map(async ({ sessionId, trackName }) => {
      const source = { sessionId, trackName };
      return { source, found: await mediaOf(sessionOf(sessionId), trackName) };
    }),
  );
  // Another request may have made an offer while this one waited for media.
  if (session.pulls.isAnswerAwaited) return fail(c, badDescription("An offer waits for its answer."));
  const good = wanted.flatMap(({ source, found }) =>
    found.kind === "found" ? [{ source, track: found.track }] : [],
  );
  let offered: Awaited<ReturnType<Session["offer"]>> | null = null;
  try {
    if (good.length > 0) offered = await session.offer(good);
  } catch (error) {
    session.close("the negotiation failed");
    const errorDescription = `The transport could not be set up: ${(error as Error).message}.`;
    return fail(c, { status: 503, errorCode: "transport_unavailable_error", errorDescription });
  }
  const mids = [...(offered?.mids ?? [])];
  const tracks = wanted.map(({ source, found }) =>
    found.kind === "found" ? { ...source, mid: mids.shift() ?? "" } : { ...source, mid: "", ...found.error },
  );
  return c.json({
    requiresImmediateRenegotiation: offered !== null,
    tracks,
    ...(offered !== null && { sessionDescription: { type: "offer", sdp: offered.sdp } }),
  });
}

/** Handles `PUT renegotiate`, which brings the answer to the SFU's offer. */
export async function renegotiate(c: Context, session: Session): Promise<Response> {
  const request = readBody(RenegotiateRequest, await c.req.text());
  if (request.kind === "unreadable") return fail(c, request.error);
  if (!session.pulls.isAnswerAwaited)
    return fail(c, badDescription("No answer is expected: the SFU has made no offer."));
  const taken = await session.takeAnswer(request.body.sessionDescription.sdp);
  if (taken.kind === "refused")
    return fail(c, badDescription(`The answer cannot be accepted: ${taken.reason}.`));
  return c.json({});
}

/** Returns a track once it has received packets, or the reason why it cannot be forwarded. */
async function mediaOf(
  session: Session | undefined,
  trackName: string,
): Promise<{ readonly kind: "found"; readonly track: Track } | Failed> {
  const track = session?.tracks.get(trackName);
  if (!session || !track || track.closed || session.state !== "connected") return NOT_FOUND_TRACK;
  if (await session.until(() => track.packets > 0, MEDIA_MILLIS)) return { kind: "found", track };
  return EMPTY_TRACK;
}
