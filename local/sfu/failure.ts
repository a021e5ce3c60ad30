import type { Context } from "hono";
import type { RequestError } from "./request.ts";

/** The error of one item of a request. */
interface ItemError {
  readonly errorCode: string;
  readonly errorDescription: string;
}

/** One item of a request failed. */
export interface Failed {
  readonly kind: "failed";
  readonly error: ItemError;
}

export const NOT_FOUND_TRACK = failed("not_found_track_error", "Track not found on remote peer");
export const EMPTY_TRACK = failed("empty_track_error", "The track has not received media yet");

export function failed(errorCode: string, errorDescription: string): Failed {
  return { kind: "failed", error: { errorCode, errorDescription } };
}

export function fail(c: Context, { status, errorCode, errorDescription }: RequestError): Response {
  return c.json({ errorCode, errorDescription }, status);
}

export function notFound(errorDescription: string): RequestError {
  return { status: 404, errorCode: "not_found", errorDescription };
}

export function sessionError(status: 410 | 425, errorDescription: string): RequestError {
  return { status, errorCode: "session_error", errorDescription };
}

export function badDescription(errorDescription: string): RequestError {
  return { status: 406, errorCode: "invalid_session_description", errorDescription };
}

export function invalidParams(errorDescription: string): RequestError {
  return { status: 406, errorCode: "invalid_params", errorDescription };
}
