import { z } from "zod";
import { Pulls } from "./pulls.ts";
import {
  errorOf,
  NewSession,
  ReplyErrors,
  SfuApi,
  type SfuFault,
  sfuFault,
  TRACK_NAME,
  TrackReply,
} from "./sfu-api.ts";

/**
 * The calls of Cloudflare Realtime SFU's HTTP API that publishers need (OpenAPI document 2024-05-21; sessions, tracks, WebSocket
 * adapter). These calls are retried here, and nowhere else.
 */

export interface Published {
  readonly kind: "published";
  /** The SFU's session id: a locator that never leaves the Broadcast. */
  readonly session: string;
  readonly answer: string;
}

export interface Attached {
  readonly kind: "attached";
  readonly adapter: string;
}

/** Time for both calls of publishing, with their retries, ms: OBS gives up on a POST after 8 s. */
const PUBLISH_BUDGET_MS = 7_000;
/** Timeout of attaching, ms: the SFU waits for the publisher's transport (5 s, by its documentation), then for our handshake. */
const ATTACH_TIMEOUT_MS = 15_000;
/** Delays after "not yet", ms: short while ICE and DTLS settle; the last one is repeated. */
const NOT_YET_DELAYS_MS = [60, 80, 100, 150, 200, 300, 400, 500, 700, 1_000];
/** Delays after any other failure, ms; the last one is repeated. */
const FAILED_DELAYS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000];
/** After nothing but "not yet" from the SFU for this long, ms, a publisher will not connect. */
const CONNECT_BUDGET_MS = 25_000;

const NewTracks = ReplyErrors.extend({
  sessionDescription: z
    .looseObject({ type: z.literal("answer"), sdp: z.string().startsWith("v=0") })
    .optional(),
});
const NewAdapters = z.looseObject({
  tracks: z.array(TrackReply.extend({ adapterId: z.string().optional() })),
});

/** A client of one SFU application. */
export class Sfu {
  /** The calls by which hosts hear each other. */
  readonly pulls: Pulls;
  readonly #api: SfuApi;

  /** @param api the API's base URL, e.g. `https://rtc.live.cloudflare.com/v1` */
  constructor(api: string, appId: string, appSecret: string) {
    this.#api = new SfuApi(api, appId, appSecret);
    this.pulls = new Pulls(this.#api);
  }

  /**
   * Publishes an offer's audio track on a session of its own. A failed try is repeated once, on a new session: a call that
   * timed out may have taken effect, and the API has no idempotency.
   */
  async publish(offer: { readonly sdp: string; readonly mid: string }): Promise<Published | SfuFault> {
    const deadline = Date.now() + PUBLISH_BUDGET_MS;
    const first = await this.#publishOnce(offer, deadline);
    if (first.kind === "published" || !first.transient || Date.now() > deadline - 1_000) return first;
    return this.#publishOnce(offer, deadline);
  }

  /**
   * Has the SFU open a socket to us that carries a session's decoded audio. The SFU is asked again until it has done so or says
   * that the session is over. If it says nothing but {@link isNotYet} for 25 s, the publisher will never connect, and the
   * attempt ends too. An SFU that is slow, fails or does not answer is asked on, at growing intervals of up to 15 s.
   *
   * @param next given the fault of the last try, returns the URL for the next one; null if no socket is needed any more
   * @returns the adapter, or the fault that ended the attempt; null if `next` ended it
   */
  async attach(
    session: string,
    next: (fault: SfuFault | null) => Promise<string | null>,
  ): Promise<Attached | SfuFault | null> {
    let fault: SfuFault | null = null;
    /** Tries in a row that ended alike, and when the first of them began. */
    let streak = { notYet: true, tries: 0, since: 0 };
    for (;;) {
      const endpoint = await next(fault);
      if (endpoint === null) return null;
      const began = Date.now();
      const result = await this.#attachOnce(session, endpoint);
      if (result.kind === "attached" || isOver(result)) return result;
      const notYet = isNotYet(result);
      if (streak.tries === 0 || streak.notYet !== notYet) streak = { notYet, tries: 0, since: began };
      const delays = notYet ? NOT_YET_DELAYS_MS : FAILED_DELAYS_MS;
      const delay = delays[Math.min(streak.tries++, delays.length - 1)] ?? 0;
      if (notYet && Date.now() + delay - streak.since > CONNECT_BUDGET_MS) return result;
      fault = result;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }

  /** Closes an adapter. It is no fault if it is closed already. */
  async detach(adapter: string): Promise<SfuFault | null> {
    const reply = await this.#api.call(
      "POST",
      "adapters/websocket/close",
      { tracks: [{ adapterId: adapter }] },
      z.unknown(),
    );
    return reply.kind === "fault" && reply.code !== "adapter_not_found" ? reply : null;
  }

  /** Closes a session's audio track, since the API has no call that closes a session. A session that is over is no fault. */
  async close(session: string, mid: string): Promise<SfuFault | null> {
    const reply = await this.#api.call(
      "PUT",
      `sessions/${session}/tracks/close`,
      { tracks: [{ mid }], force: true },
      z.unknown(),
    );
    return reply.kind === "fault" && reply.status !== 410 ? reply : null;
  }

  async #publishOnce(
    { sdp, mid }: { readonly sdp: string; readonly mid: string },
    deadline: number,
  ): Promise<Published | SfuFault> {
    const opened = await this.#api.call("POST", "sessions/new", undefined, NewSession, deadline);
    if (opened.kind === "fault") return opened;
    const session = opened.body.sessionId;
    const tracks = await this.#api.call(
      "POST",
      `sessions/${session}/tracks/new`,
      {
        sessionDescription: { type: "offer", sdp },
        tracks: [{ location: "local", mid, trackName: TRACK_NAME }],
      },
      NewTracks,
      deadline,
    );
    if (tracks.kind === "fault") return tracks;
    // Single items may have failed in spite of HTTP 200.
    const code = errorOf(tracks.body);
    if (code !== null) return sfuFault(200, code);
    const answer = tracks.body.sessionDescription?.sdp;
    return answer === undefined ? sfuFault(200, "no_answer") : { kind: "published", session, answer };
  }

  async #attachOnce(session: string, endpoint: string): Promise<Attached | SfuFault> {
    const reply = await this.#api.call(
      "POST",
      "adapters/websocket/new",
      {
        tracks: [
          { location: "remote", sessionId: session, trackName: TRACK_NAME, endpoint, outputCodec: "pcm" },
        ],
      },
      NewAdapters,
      Number.POSITIVE_INFINITY,
      ATTACH_TIMEOUT_MS,
    );
    if (reply.kind === "fault") return reply;
    const item = reply.body.tracks[0];
    if (item?.adapterId === undefined) return sfuFault(200, item?.errorCode ?? "no_adapter");
    return { kind: "attached", adapter: item.adapterId };
  }
}

/**
 * Whether the fault says "not yet": the publisher's transport or its first packets are still to come. Such a try has made no
 * adapter. Any other failed try may have made one: it may have timed out after the SFU dialled the socket. A session error of
 * the single item does not say which state the session is in, since HTTP is 503 where every item fails; it may be that of 425.
 */
export function isNotYet(fault: SfuFault): boolean {
  const { status, code } = fault;
  if (isOver(fault)) return false;
  return status === 425 || ["session_error", "not_found_track_error", "empty_track_error"].includes(code);
}

/** Whether asking again can not help: the session is over, or the SFU will never accept the request. */
function isOver({ status, code }: SfuFault): boolean {
  return (
    status === 410 ||
    (status === 404 && code === "session_error") ||
    [400, 406, 413].includes(status) ||
    code === "invalid_params" ||
    code === "websocket_localhost_not_allowed"
  );
}
