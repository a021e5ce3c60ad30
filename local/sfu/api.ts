import { randomUUID, timingSafeEqual } from "node:crypto";
import { type Context, Hono } from "hono";
import { Adapter } from "./adapter.ts";
import {
  badDescription,
  EMPTY_TRACK,
  fail,
  failed,
  invalidParams,
  NOT_FOUND_TRACK,
  notFound,
  sessionError,
} from "./failure.ts";
import { offersOpus, readOffer } from "./offer.ts";
import { pullTracks, renegotiate } from "./pull-routes.ts";
import {
  CloseAdapterRequest,
  CloseTracksRequest,
  isPull,
  NewAdapterRequest,
  readBody,
  TracksRequest,
} from "./request.ts";
import { type MediaAddress, Session } from "./session.ts";

/** How long an operation on a session waits for it to connect, ms. */
const CONNECT_MILLIS = 5_000;
/** How long a new adapter waits for a connected publisher's first packet, ms. */
const MEDIA_MILLIS = 2_000;
/** The largest body that contains SDP, bytes. */
const BODY_BYTES = 256 * 1024;

/**
 * The part of Cloudflare Realtime SFU's HTTP API that the relay uses: routes, fields, statuses and per-item errors, from
 * https://developers.cloudflare.com/realtime/static/realtime-api-2024-05-21.yaml and its error-codes page.
 *
 * Not implemented: sessions that both publish and pull, pulling with an offer from the client, data channels, simulcast, and
 * adapters that publish. One difference is intended: endpoints on localhost are allowed. Owns every session and adapter.
 */
export class SfuApi {
  readonly app = new Hono();
  readonly #sessions = new Map<string, Session>();
  readonly #adapters = new Map<string, Adapter>();
  readonly #appId: string;
  readonly #appSecret: string;
  readonly #address: MediaAddress;
  readonly #log: (line: string) => void;
  readonly #dial: string | null;

  /** @param dial the origin that adapters dial in place of their endpoint's own */
  constructor(
    appId: string,
    appSecret: string,
    address: MediaAddress,
    log: (line: string) => void,
    dial?: string,
  ) {
    this.#appId = appId;
    this.#appSecret = appSecret;
    this.#address = address;
    this.#log = log;
    this.#dial = dial ?? null;
    const app = this.app.basePath("/v1/apps/:appId");
    app.use("*", async (c, next) => {
      c.header("vary", "Origin");
      if (c.req.param("appId") !== this.#appId) return fail(c, notFound("The app was not found."));
      if (!sameText(c.req.header("authorization") ?? "", `Bearer ${this.#appSecret}`)) {
        return fail(c, {
          status: 401,
          errorCode: "unauthorized",
          errorDescription: "The app secret is wrong.",
        });
      }
      return next();
    });
    app.post("/sessions/new", (c) => this.#newSession(c));
    app.get("/sessions/:sessionId", (c) => this.#onSession(c, (session) => this.#getSession(c, session)));
    app.post("/sessions/:sessionId/tracks/new", (c) =>
      this.#onSession(c, (session) => this.#newTracks(c, session)),
    );
    app.put("/sessions/:sessionId/tracks/close", (c) =>
      this.#onSession(c, (session) => this.#closeTracks(c, session)),
    );
    app.put("/sessions/:sessionId/renegotiate", (c) =>
      this.#onSession(c, (session) => renegotiate(c, session)),
    );
    app.post("/adapters/websocket/new", (c) => this.#newAdapters(c));
    app.post("/adapters/websocket/close", (c) => this.#closeAdapters(c));
    this.app.notFound((c) => fail(c, notFound("There is no such operation.")));
    this.app.onError((error, c) => {
      this.#log(`sfu: ${c.req.method} failed: ${error.message}`);
      return c.json({ errorCode: "internal_error", errorDescription: "The operation failed." }, 500);
    });
  }

  /** Ends every session and adapter. */
  close(): void {
    for (const session of [...this.#sessions.values()]) session.close("the SFU is stopping");
  }

  #newSession(c: Context): Response {
    const id = newId();
    const session = new Session(id, this.#address, (reason) => {
      this.#sessions.delete(id);
      this.#log(`sfu: session ${id.slice(0, 6)} ended: ${reason}`);
    });
    this.#sessions.set(id, session);
    return c.json({ sessionId: id }, 201);
  }

  #onSession(
    c: Context,
    handle: (session: Session) => Response | Promise<Response>,
  ): Response | Promise<Response> {
    const session = this.#sessions.get(c.req.param("sessionId") ?? "");
    if (!session) return fail(c, sessionError(410, "The session does not exist, has expired or is closed."));
    return handle(session);
  }

  #getSession(c: Context, session: Session): Response {
    const tracks = [...session.tracks.values()].map(({ media, name, closed }) => ({
      location: "local",
      mid: media.mid,
      trackName: name,
      status: closed ? "inactive" : "active",
    }));
    const pulled = session.pulls.list.map((pull) => ({ location: "remote", ...pull }));
    return c.json({ tracks: [...tracks, ...pulled], dataChannels: [] });
  }

  async #newTracks(c: Context, session: Session): Promise<Response> {
    const text = await c.req.text();
    if (text.length > BODY_BYTES) {
      return fail(c, {
        status: 413,
        errorCode: "payload_too_large",
        errorDescription: "The body is too large.",
      });
    }
    if (isPull(text)) return pullTracks(c, session, text, (id) => this.#sessions.get(id));
    const request = readBody(TracksRequest, text);
    if (request.kind === "unreadable") return fail(c, request.error);
    const { sessionDescription, tracks, autoDiscover } = request.body;
    const offer = readOffer(sessionDescription.sdp);
    if (offer.kind === "refused")
      return fail(c, badDescription(`The offer cannot be accepted: ${offer.reason}.`));
    if (session.state === "negotiating") return fail(c, badDescription("Another exchange is under way."));
    if (session.pulls.any) return fail(c, invalidParams("tracks: this session pulls"));
    const media = offer.media.filter(({ live, kind }) => live && kind !== "application");
    const named = autoDiscover
      ? media.map(({ mid }) => ({ name: randomUUID() as string, mid }))
      : (tracks ?? []).map(({ trackName, mid }) => ({ name: trackName, mid }));
    if (named.length === 0) return fail(c, invalidParams("tracks: needed unless autoDiscover is true"));
    const unknown = named.find(({ mid }) => !media.some((section) => section.mid === mid));
    if (unknown)
      return fail(c, badDescription(`The offer has no live media section with mid ${unknown.mid}.`));
    if (
      session.state === "connecting" &&
      !(await session.until(() => session.state === "connected", CONNECT_MILLIS))
    ) {
      return fail(c, sessionError(425, "The session is not connected yet."));
    }
    let sdp: string;
    try {
      sdp = await session.negotiate(offer, named);
    } catch (error) {
      session.close("the negotiation failed");
      this.#log(`sfu: the negotiation failed: ${(error as Error).message}.`);
      const errorDescription = `The transport could not be set up: ${(error as Error).message}.`;
      return fail(c, { status: 503, errorCode: "transport_unavailable_error", errorDescription });
    }
    return c.json({
      requiresImmediateRenegotiation: false,
      tracks: named.map(({ name, mid }) => ({ trackName: name, mid })),
      sessionDescription: { type: "answer", sdp },
    });
  }

  async #closeTracks(c: Context, session: Session): Promise<Response> {
    const request = readBody(CloseTracksRequest, await c.req.text());
    if (request.kind === "unreadable") return fail(c, request.error);
    const tracks = request.body.tracks.map(({ mid }) =>
      session.closeTrack(mid)
        ? { mid }
        : {
            mid,
            errorCode: "close_track_error",
            errorDescription: "Track doesn't exist or was already closed",
          },
    );
    return c.json({ requiresImmediateRenegotiation: false, tracks });
  }

  async #newAdapters(c: Context): Promise<Response> {
    const request = readBody(NewAdapterRequest, await c.req.text());
    if (request.kind === "unreadable") return fail(c, request.error);
    const items = await Promise.all(
      request.body.tracks.map(async ({ sessionId, trackName, endpoint }) => {
        const made = await this.#newAdapter(sessionId, trackName, endpoint);
        return { trackName, endpoint, made };
      }),
    );
    const tracks = items.map(({ trackName, endpoint, made }) =>
      made.kind === "open"
        ? { trackName, adapterId: made.adapter.id, endpoint }
        : { trackName, ...made.error },
    );
    return c.json({ tracks }, items.some(({ made }) => made.kind === "open") ? 200 : 503);
  }

  async #newAdapter(sessionId: string, trackName: string, endpoint: string): ReturnType<typeof Adapter.open> {
    const session = this.#sessions.get(sessionId);
    const track = session?.tracks.get(trackName);
    if (!session || !track || track.closed || session.state !== "connected") return NOT_FOUND_TRACK;
    if (!offersOpus(track.media)) {
      return failed("invalid_params", "PCM output requires an Opus source track");
    }
    if (!(await session.until(() => track.packets > 0, MEDIA_MILLIS))) {
      return EMPTY_TRACK;
    }
    const id = newId();
    const dialled = this.#dial !== null ? endpoint.replace(/^wss?:\/\/[^/]*/, this.#dial) : endpoint;
    const made = await Adapter.open(id, dialled, (reason) => {
      this.#adapters.delete(id);
      if (made.kind === "open") track.adapters.delete(made.adapter);
      this.#log(`sfu: adapter ${id.slice(0, 6)} ended: ${reason}`);
    });
    if (made.kind === "failed") return made;
    if (track.closed) {
      made.adapter.close(1000, "the track was closed");
      return NOT_FOUND_TRACK;
    }
    this.#adapters.set(id, made.adapter);
    track.adapters.add(made.adapter);
    return made;
  }

  async #closeAdapters(c: Context): Promise<Response> {
    const request = readBody(CloseAdapterRequest, await c.req.text());
    if (request.kind === "unreadable") return fail(c, request.error);
    const tracks = request.body.tracks.map(({ adapterId }) => {
      const adapter = this.#adapters.get(adapterId);
      if (!adapter) return { adapterId };
      adapter.close(1000, "the adapter was closed");
      return { adapterId, bytesProcessed: adapter.bytes };
    });
    return c.json({ tracks });
  }
}

/** Returns an identifier like the real service's: 32 hexadecimal digits. */
function newId(): string {
  return randomUUID().replaceAll("-", "");
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
