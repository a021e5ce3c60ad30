import { OPEN_TO_ALL } from "./held.ts";

/** What went wrong, as JSON that any page may read: `{error: {code, message}}`. Kept by nobody unless `headers` say so. */
export function problem(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Response {
  return Response.json(
    { error: { code, message } },
    { status, headers: { ...OPEN_TO_ALL, "cache-control": "no-store", ...headers } },
  );
}

/** `allow`: the methods that are, as the header has them (RFC 9110 section 10.2.1). */
export function methodNotAllowed(allow: string): Response {
  return problem(405, "method_not_allowed", `Allowed here: ${allow}.`, { allow });
}

export function noBroadcast(): Response {
  return problem(404, "unknown_broadcast", "There is no such broadcast.");
}

/** Nothing of the error itself: it may name what is nobody's business. */
export function failed(error: unknown): Response {
  console.error(`A request failed: ${String(error)}`);
  return problem(503, "unavailable", "Something went wrong here; try again.", { "retry-after": "1" });
}
