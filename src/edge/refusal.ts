import { PROBLEMS, type Problem } from "../problem.ts";
import { OPEN_TO_ALL } from "./held.ts";

/** What is for one asker alone. */
export const NO_STORE = { "cache-control": "no-store" };

/** What went wrong, as JSON that any page may read: `{error: {code, message}}`. Kept by nobody unless `headers` say so. */
export function refuse(
  { status, code, message, headers: own }: Problem,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(
    { error: { code, message } },
    { status, headers: { ...OPEN_TO_ALL, ...NO_STORE, ...own, ...headers } },
  );
}

/** The answer after an exception. The error is logged and not sent: its text may hold what is not for the asker. */
export function failed(error: unknown): Response {
  console.error(`A request failed: ${String(error)}`);
  return refuse(PROBLEMS.failed);
}
