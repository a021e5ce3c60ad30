import { z } from "zod";

/** An error of the whole request, in the API's wording. */
export interface RequestError {
  readonly status: 400 | 401 | 404 | 406 | 410 | 413 | 425 | 503;
  readonly errorCode: string;
  readonly errorDescription: string;
}

const description = (type: "offer" | "answer") => z.object({ type: z.literal(type), sdp: z.string().min(1) });

/** `POST tracks/new` of a publisher: tracks named one by one, or all tracks of the offer. */
export const TracksRequest = z.object({
  sessionDescription: description("offer"),
  tracks: z
    .array(z.object({ location: z.literal("local"), mid: z.string().min(1), trackName: z.string().min(1) }))
    .min(1)
    .max(64)
    .optional(),
  autoDiscover: z.boolean().optional(),
});

/** A track of another session. */
const RemoteTrack = z.object({
  location: z.literal("remote"),
  sessionId: z.string().min(1),
  trackName: z.string().min(1),
});

/** `POST tracks/new` that pulls tracks of other sessions. It has no description, because the SFU makes the offer. */
export const PullRequest = z.strictObject({
  tracks: z.array(RemoteTrack).min(1).max(64),
});

/** Whether a body of `POST tracks/new` pulls tracks of other sessions. A batch either pulls or publishes. */
export function isPull(text: string): boolean {
  const { data } = Pulling.safeParse(jsonOf(text));
  return data?.tracks.some(({ location }) => location === "remote") ?? false;
}

const Pulling = z.object({ tracks: z.array(z.object({ location: z.unknown() })) });

/** `PUT renegotiate`. */
export const RenegotiateRequest = z.object({ sessionDescription: description("answer") });

/** `PUT tracks/close`; the stand-in supports only forced closing. */
export const CloseTracksRequest = z.object({
  tracks: z.array(z.object({ mid: z.string().min(1) })).min(1),
  force: z.literal(true),
});

/** `POST adapters/websocket/new`; the stand-in supports only outgoing PCM. */
export const NewAdapterRequest = z.object({
  tracks: z
    .array(
      RemoteTrack.extend({
        endpoint: z.string().regex(/^wss?:\/\//),
        outputCodec: z.literal("pcm"),
      }),
    )
    .min(1)
    .max(4, "Expecting at most 4 track in the request"),
});

/** `POST adapters/websocket/close`. */
export const CloseAdapterRequest = z.object({
  tracks: z
    .array(z.object({ adapterId: z.string().min(1) }))
    .min(1)
    .max(4, "Expecting at most 4 track in the request"),
});

/**
 * Parses a JSON body. Like the API, it answers 400 `decoding_error` for invalid JSON or a field of the wrong type,
 * and 406 `invalid_params` for a field that is missing, out of range or not allowed.
 */
export function readBody<T>(
  schema: z.ZodType<T>,
  text: string,
): { readonly kind: "read"; readonly body: T } | Unreadable {
  const json = jsonOf(text);
  if (json === undefined) return unreadable(400, "decoding_error", "The body is not JSON.");
  const result = schema.safeParse(json);
  if (result.success) return { kind: "read", body: result.data };
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  const place = path.length === 0 ? "body" : path.join(".");
  if (issue?.code === "invalid_type" && at(json, issue.path) !== undefined) {
    return unreadable(400, "decoding_error", `${place}: ${issue.message}`);
  }
  const errorDescription = `${place}: ${issue?.message ?? "invalid"}`;
  return unreadable(406, "invalid_params", errorDescription);
}

/** A body that is not what the operation takes. */
interface Unreadable {
  readonly kind: "unreadable";
  readonly error: RequestError;
}

function unreadable(status: 400 | 406, errorCode: string, errorDescription: string): Unreadable {
  return { kind: "unreadable", error: { status, errorCode, errorDescription } };
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
