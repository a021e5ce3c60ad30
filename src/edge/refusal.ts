import { bodyOf, PROBLEMS, type Problem } from "../problem.ts";
import { OPEN_TO_ALL } from "./cached-answer.ts";

/** Headers of an answer that is for one client alone: no cache may keep it. */
export const NO_STORE = { "cache-control": "no-store" };

/** Answers with a problem as JSON that any page may read: `{error: {code, message}}`. Not cacheable unless `headers` say so. */
export function refuse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(bodyOf(problem), {
    status: problem.status,
    headers: { ...OPEN_TO_ALL, ...NO_STORE, ...problem.headers, ...headers },
  });
}

/** The answer after an exception. The error is logged and not sent: its text may contain what the client must not see. */
export function failed(error: unknown): Response {
  console.error(`A request failed: ${String(error)}`);
  return refuse(PROBLEMS.failed);
}
