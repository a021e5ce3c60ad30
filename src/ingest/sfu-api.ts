import { z } from "zod";
import { jsonOf } from "../json.ts";

/** One call of Cloudflare Realtime SFU's HTTP API: how it is made, how long it may take, and its outcome. */

/** A call that failed, or one item of it. The code is the SFU's own, or one of ours if no proper answer came. */
export interface SfuFault {
  readonly kind: "fault";
  /** HTTP status; 0 if no answer came. */
  readonly status: number;
  readonly code: string;
  /** Whether the same call may succeed later. */
  readonly transient: boolean;
}

/** The name of every publisher's track: track names are unique only within their session. */
export const TRACK_NAME = "audio";

const CALL_TIMEOUT_MS = 5_000;

/** One track in the reply to an operation on tracks. */
export const TrackReply = z.looseObject({ errorCode: z.string().optional() });

/** How any reply may report failure, even with HTTP 200: its own, or that of single items. */
export const ReplyErrors = z.looseObject({
  errorCode: z.string().optional(),
  tracks: z.array(TrackReply).optional(),
});

/** Returns the first error that a reply reports; null if there is none. */
export function errorOf({ errorCode, tracks }: z.infer<typeof ReplyErrors>): string | null {
  return errorCode ?? tracks?.find((track) => track.errorCode)?.errorCode ?? null;
}

/** The reply to `POST sessions/new`. */
export const NewSession = z.looseObject({ sessionId: z.string().min(1) });

interface Reply<T> {
  readonly kind: "reply";
  readonly body: T;
}

/** The API of one application. */
export class SfuApi {
  readonly #base: string;
  readonly #secret: string;

  /** @param api the API's base URL, e.g. `https://rtc.live.cloudflare.com/v1` */
  constructor(api: string, appId: string, appSecret: string) {
    this.#base = `${api.replace(/\/$/, "")}/apps/${appId}`;
    this.#secret = appSecret;
  }

  /**
   * Makes one call, once.
   *
   * @param body JSON; undefined for none
   * @param deadline when it must have been answered, milliseconds since 1970
   * @param limit how long it may take, milliseconds
   */
  async call<T>(
    method: "POST" | "PUT",
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    deadline = Number.POSITIVE_INFINITY,
    limit = CALL_TIMEOUT_MS,
  ): Promise<Reply<T> | SfuFault> {
    const timeout = Math.max(1, Math.min(limit, deadline - Date.now()));
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#base}/${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#secret}`, "content-type": "application/json" },
        signal: AbortSignal.timeout(timeout),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (error) {
      return sfuFault(0, error instanceof Error && error.name === "TimeoutError" ? "timeout" : "unreachable");
    }
    const json = jsonOf(text);
    if (!response.ok) {
      return sfuFault(response.status, errorOf(ReplyErrors.safeParse(json).data ?? {}) ?? "unknown_error");
    }
    const parsed = schema.safeParse(json);
    return parsed.success
      ? { kind: "reply", body: parsed.data }
      : sfuFault(response.status, "unexpected_reply");
  }

  /** Does the same as {@link call}, and tries once more after a transient fault: for calls that may take effect twice. */
  async callTwice<T>(
    method: "POST" | "PUT",
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
  ): Promise<Reply<T> | SfuFault> {
    const first = await this.call(method, path, body, schema);
    return first.kind === "fault" && first.transient ? this.call(method, path, body, schema) : first;
  }
}

/** Makes the fault of a status and a code, and decides whether it is transient. */
export function sfuFault(status: number, code: string): SfuFault {
  const transient =
    status === 0 ||
    status === 429 ||
    status >= 500 ||
    /^(retryable_transient|temporarily_unavailable|transport_unavailable|backend|internal)_error$/.test(code);
  return { kind: "fault", status, code, transient };
}
