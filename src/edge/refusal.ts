import { PROBLEMS, type Problem } from "../problem.ts";
import { OPEN_TO_ALL } from "./held.ts";

/** What went wrong, as JSON that any page may read: `{error: {code, message}}`. Kept by nobody unless `headers` say so. */
export function refuse(
  { status, code, message, headers: own }: Problem,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(
    { error: { code, message } },
    { status, headers: { ...OPEN_TO_ALL, "cache-control": "no-store", ...own, ...headers } },
  );
}

/** The answer where there was an exception. Nothing of the error itself: it may name what is nobody's business. */
export function failed(error: unknown): Response {
  console.error(`A request failed: ${String(error)}`);
  return refuse(PROBLEMS.failed);
}
