import { z } from "zod";
import type { Reply, SfuCaller } from "../../kit/front.ts";
import type { Puller } from "./puller.ts";

/**
 * The part of Cloudflare Realtime's API that the relay uses, as a table of requests and expected replies. Statuses and field
 * names are from https://developers.cloudflare.com/realtime/static/realtime-api-2024-05-21.yaml, error codes from
 * https://developers.cloudflare.com/realtime/sfu/observability/error-codes/.
 */
export interface Row {
  readonly name: string;
  readonly request: (context: Context) => Promise<Reply>;
  readonly status: number;
  /** The expected body, strictly: a field that the document does not name is a failure. */
  readonly body: z.ZodType;
}

/** What the rows act on. */
export interface Context {
  readonly sfu: SfuCaller;
  /** The same API under an app id that does not exist. */
  readonly nowhere: SfuCaller;
  /** A session whose publisher is connected and sends the track `mic`. */
  readonly live: string;
  /** A session that nobody has used. */
  readonly fresh: string;
  /** A WebSocket endpoint that answers, where there is one. */
  readonly endpoint: string;
  /** Makes an offer of one audio section with mid 0. */
  readonly offer: () => Promise<string>;
  /** Makes a session that hears nobody yet. */
  readonly puller: () => Promise<Puller>;
}

const UNKNOWN_ID = "0123456789abcdef0123456789abcdef";
/** RFC 2606: a name that never resolves. */
const NOWHERE = "wss://earshot.invalid/ear";

const text = z.string().min(1);
const error = (errorCode: string) =>
  z.strictObject({ errorCode: z.literal(errorCode), errorDescription: text });
const itemError = (...codes: string[]) => ({ errorCode: z.enum(codes), errorDescription: text });
const answer = z.strictObject({ type: z.literal("answer"), sdp: z.string().startsWith("v=0") });
const published = (trackName: z.ZodType) =>
  z.strictObject({
    requiresImmediateRenegotiation: z.literal(false),
    sessionDescription: answer,
    tracks: z.tuple([z.strictObject({ trackName, mid: z.literal("0") })]),
  });
const pulled = z.strictObject({ sessionId: text, trackName: z.literal("mic"), mid: text });
const offered = (...tracks: z.ZodType[]) =>
  z.strictObject({
    requiresImmediateRenegotiation: z.literal(true),
    sessionDescription: z.strictObject({ type: z.literal("offer"), sdp: z.string().startsWith("v=0") }),
    tracks: z.tuple(tracks as [z.ZodType]),
  });
const notPulled = z.strictObject({
  sessionId: text,
  trackName: z.literal("mic"),
  mid: z.literal("").optional(),
  ...itemError("not_found_track_error"),
});
const adapter = z.strictObject({ trackName: z.literal("mic"), adapterId: text, endpoint: text });

const tracksNew = (session: string) => `/sessions/${session}/tracks/new`;
const tracksClose = (session: string) => `/sessions/${session}/tracks/close`;
const ADAPTER_NEW = "/adapters/websocket/new";
const ADAPTER_CLOSE = "/adapters/websocket/close";
const remote = (sessionId: unknown, endpoint = NOWHERE, trackName = "mic") => ({
  location: "remote",
  sessionId,
  trackName,
  endpoint,
  outputCodec: "pcm",
});
const described = (sdp: string, type = "offer") => ({ sessionDescription: { type, sdp } });

/** A reply without the one adapter that was asked for. */
const noAdapter = (trackName: string, ...codes: [string, ...string[]]) =>
  z.strictObject({
    tracks: z.tuple([z.strictObject({ trackName: z.literal(trackName), ...itemError(...codes) })]),
  });

/** Rows that need no endpoint of ours. */
export const CONTRACT: readonly Row[] = [
  {
    name: "a wrong secret",
    request: ({ sfu }) => sfu.call("POST", "/sessions/new", undefined, "wrong"),
    status: 401,
    body: error("unauthorized"),
  },
  {
    name: "an unknown app",
    request: ({ nowhere }) => nowhere.call("POST", "/sessions/new"),
    status: 404,
    body: error("not_found"),
  },
  {
    name: "sessions/new",
    request: ({ sfu }) => sfu.call("POST", "/sessions/new"),
    status: 201,
    body: z.strictObject({ sessionId: text }),
  },
  {
    name: "an unknown session",
    request: ({ sfu }) => sfu.call("GET", `/sessions/${UNKNOWN_ID}`),
    status: 410,
    body: error("session_error"),
  },
  {
    name: "tracks/new on an unknown session",
    request: async ({ sfu, offer }) => sfu.newTrack(UNKNOWN_ID, await offer(), "0"),
    status: 410,
    body: error("session_error"),
  },
  {
    name: "tracks/new with a body that is no JSON",
    request: ({ sfu, fresh }) => sfu.call("POST", tracksNew(fresh), "{"),
    status: 400,
    body: error("decoding_error"),
  },
  {
    name: "tracks/new with a field of the wrong type",
    request: ({ sfu, fresh }) => sfu.call("POST", tracksNew(fresh), { sessionDescription: "offer" }),
    status: 400,
    body: error("decoding_error"),
  },
  {
    name: "tracks/new with an SDP that is none",
    request: ({ sfu, fresh }) =>
      sfu.call("POST", tracksNew(fresh), { ...described("garbage"), autoDiscover: true }),
    status: 406,
    body: error("invalid_session_description"),
  },
  {
    name: "tracks/new with a named track",
    request: async ({ sfu, offer }) => sfu.newTrack(await sfu.newSession(), await offer(), "0", "voice"),
    status: 200,
    body: published(z.literal("voice")),
  },
  {
    name: "tracks/new with autoDiscover",
    request: async ({ sfu, offer }) =>
      sfu.call("POST", tracksNew(await sfu.newSession()), {
        ...described(await offer()),
        autoDiscover: true,
      }),
    status: 200,
    body: published(text),
  },
  {
    name: "renegotiate when the SFU has made no offer",
    request: async ({ sfu, live, offer }) =>
      sfu.call("PUT", `/sessions/${live}/renegotiate`, described(await offer(), "answer")),
    status: 406,
    body: error("invalid_session_description"),
  },
  {
    name: "GET of a session that publishes",
    request: ({ sfu, live }) => sfu.call("GET", `/sessions/${live}`),
    status: 200,
    body: z.strictObject({
      tracks: z.tuple([
        z.strictObject({
          location: z.literal("local"),
          mid: z.literal("0"),
          trackName: z.literal("mic"),
          status: z.literal("active"),
        }),
      ]),
      dataChannels: z.tuple([]),
    }),
  },
  {
    name: "adapters for five tracks",
    request: ({ sfu, live }) => sfu.call("POST", ADAPTER_NEW, { tracks: Array(5).fill(remote(live)) }),
    status: 406,
    body: error("invalid_params"),
  },
  {
    name: "adapters for no track",
    request: ({ sfu }) => sfu.call("POST", ADAPTER_NEW, { tracks: [] }),
    status: 406,
    body: error("invalid_params"),
  },
  {
    name: "an adapter to something that is no WebSocket",
    request: ({ sfu, live }) =>
      sfu.call("POST", ADAPTER_NEW, { tracks: [remote(live, "https://earshot.invalid")] }),
    status: 406,
    body: error("invalid_params"),
  },
  {
    name: "an adapter of a session id that is no text",
    request: ({ sfu }) => sfu.call("POST", ADAPTER_NEW, { tracks: [remote(7)] }),
    status: 400,
    body: error("decoding_error"),
  },
  {
    name: "an adapter for a track that is not there",
    request: ({ sfu, live }) => sfu.newAdapter(live, NOWHERE, "other"),
    status: 503,
    body: noAdapter("other", "not_found_track_error"),
  },
  {
    name: "an adapter for a session that is not connected",
    request: ({ sfu, fresh }) => sfu.newAdapter(fresh, NOWHERE),
    status: 503,
    body: noAdapter("mic", "not_found_track_error"),
  },
  {
    name: "an adapter to an endpoint that cannot be reached",
    request: ({ sfu, live }) => sfu.newAdapter(live, NOWHERE),
    status: 503,
    body: noAdapter("mic", "websocket_handshake_failed", "websocket_connection_timeout"),
  },
  {
    name: "closing an adapter that is closed already",
    request: ({ sfu }) => sfu.call("POST", ADAPTER_CLOSE, { tracks: [{ adapterId: UNKNOWN_ID }] }),
    status: 200,
    body: z.strictObject({ tracks: z.tuple([z.strictObject({ adapterId: z.literal(UNKNOWN_ID) })]) }),
  },
  {
    name: "closing five adapters",
    request: ({ sfu }) =>
      sfu.call("POST", ADAPTER_CLOSE, { tracks: Array(5).fill({ adapterId: UNKNOWN_ID }) }),
    status: 406,
    body: error("invalid_params"),
  },
  {
    name: "tracks/close without force",
    request: ({ sfu, live }) => sfu.call("PUT", tracksClose(live), { tracks: [{ mid: "0" }] }),
    status: 406,
    body: error("invalid_params"),
  },
  {
    name: "tracks/close of a track that is not there",
    request: ({ sfu, live }) => sfu.call("PUT", tracksClose(live), { tracks: [{ mid: "7" }], force: true }),
    status: 200,
    body: z.strictObject({
      requiresImmediateRenegotiation: z.literal(false),
      tracks: z.tuple([z.strictObject({ mid: z.literal("7"), ...itemError("close_track_error") })]),
    }),
  },
];

/** Rows for sessions that hear others. */
export const CONTRACT_OF_PULLS: readonly Row[] = [
  {
    name: "tracks/new for another session's track",
    request: async ({ live, puller }) => (await puller()).ask(live),
    status: 200,
    body: offered(pulled),
  },
  {
    name: "tracks/new for two tracks, of which one is not there",
    request: async ({ live, puller }) => (await puller()).ask(live, UNKNOWN_ID),
    status: 200,
    body: offered(pulled, notPulled),
  },
  {
    name: "tracks/new for a track that is not there",
    request: async ({ puller }) => (await puller()).ask(UNKNOWN_ID),
    status: 200,
    body: z.strictObject({
      requiresImmediateRenegotiation: z.literal(false),
      tracks: z.tuple([notPulled]),
    }),
  },
  {
    name: "tracks/new while an offer waits for its answer",
    request: async ({ live, puller }) => {
      const pulling = await puller();
      await pulling.ask(live);
      return pulling.ask(live);
    },
    status: 406,
    body: error("invalid_session_description"),
  },
  {
    name: "the answer to an offer",
    request: async ({ live, puller }) => {
      const pulling = await puller();
      const { json } = await pulling.ask(live);
      return pulling.renegotiate(await pulling.answerTo(json.sessionDescription.sdp));
    },
    status: 200,
    body: z.strictObject({}),
  },
  {
    name: "an answer that is none",
    request: async ({ live, puller }) => {
      const pulling = await puller();
      await pulling.ask(live);
      return pulling.renegotiate("garbage");
    },
    status: 406,
    body: error("invalid_session_description"),
  },
  {
    name: "one more track on the same connection",
    request: async ({ live, puller }) => {
      const pulling = await puller();
      await pulling.pull(live);
      return pulling.ask(live);
    },
    status: 200,
    body: offered(pulled),
  },
  {
    name: "tracks/close of a pulled track",
    request: async ({ live, puller }) => {
      const pulling = await puller();
      const [mid = ""] = await pulling.pull(live);
      return pulling.drop(mid);
    },
    status: 200,
    body: z.strictObject({
      requiresImmediateRenegotiation: z.literal(false),
      tracks: z.tuple([z.strictObject({ mid: text })]),
    }),
  },
];

/** Rows that need a WebSocket endpoint which the SFU can reach. */
export const CONTRACT_WITH_ENDPOINT: readonly Row[] = [
  {
    name: "an adapter",
    request: ({ sfu, live, endpoint }) => sfu.newAdapter(live, endpoint),
    status: 200,
    body: z.strictObject({ tracks: z.tuple([adapter]) }),
  },
  {
    name: "one adapter of two",
    request: ({ sfu, live, endpoint }) =>
      sfu.call("POST", ADAPTER_NEW, { tracks: [remote(live, endpoint), remote(live, endpoint, "other")] }),
    status: 200,
    body: z.strictObject({
      tracks: z.tuple([
        adapter,
        z.strictObject({ trackName: z.literal("other"), ...itemError("not_found_track_error") }),
      ]),
    }),
  },
  {
    name: "closing an open adapter",
    request: async ({ sfu, live, endpoint }) => {
      const { json } = await sfu.newAdapter(live, endpoint);
      return sfu.call("POST", ADAPTER_CLOSE, { tracks: [{ adapterId: json.tracks[0].adapterId }] });
    },
    status: 200,
    body: z.strictObject({
      tracks: z.tuple([z.strictObject({ adapterId: text, bytesProcessed: z.number().min(0).optional() })]),
    }),
  },
];

/** Rows that end the live session's track, in this order. */
export const CONTRACT_AT_THE_END: readonly Row[] = [
  {
    name: "tracks/close by force",
    request: ({ sfu, live }) => sfu.call("PUT", tracksClose(live), { tracks: [{ mid: "0" }], force: true }),
    status: 200,
    body: z.strictObject({
      requiresImmediateRenegotiation: z.literal(false),
      tracks: z.tuple([z.strictObject({ mid: z.literal("0") })]),
    }),
  },
  {
    name: "tracks/close once more",
    request: ({ sfu, live }) => sfu.call("PUT", tracksClose(live), { tracks: [{ mid: "0" }], force: true }),
    status: 200,
    body: z.strictObject({
      requiresImmediateRenegotiation: z.literal(false),
      tracks: z.tuple([z.strictObject({ mid: z.literal("0"), ...itemError("close_track_error") })]),
    }),
  },
  {
    name: "an adapter for the closed track",
    request: ({ sfu, live }) => sfu.newAdapter(live, NOWHERE),
    status: 503,
    body: noAdapter("mic", "not_found_track_error", "empty_track_error"),
  },
];
