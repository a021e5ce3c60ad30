import type { Context } from "hono";
import type { RequestError } from "./request.ts";

/** The error of one item of a request. */
export interface ItemError {
  readonly errorCode: string;
  readonly errorDescription: string;
}

export const NOT_FOUND_TRACK: ItemError = {
  errorCode: "not_found_track_error",
  errorDescription: "Track not found on remote peer",
};

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
