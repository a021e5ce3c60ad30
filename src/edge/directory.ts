import { z } from "zod";
import { type Cursor, type Directories, directoryOf, type Query, STATES } from "../directory-api.ts";
import { withTimeout } from "../limit.ts";
import { isProblem, PROBLEMS, type Problem } from "../problem.ts";
import { readParameters } from "./parameters.ts";
import { NO_STORE, refuse } from "./refusal.ts";

/** Timeout for a call of the Directory, ms. */
const LIMIT_MS = 3_000;

/** Answers `GET /api/broadcasts` with `{broadcasts, next}`. `next` is the cursor of the following page, null on the last one. */
export async function answerPage(directories: Directories, parameters: URLSearchParams): Promise<Response> {
  const query = parseQuery(parameters);
  if (isProblem(query)) return refuse(query);
  try {
    const { entries, next } = await withTimeout(directoryOf(directories).page(query), LIMIT_MS);
    const body = { broadcasts: entries, next: next === null ? null : cursorOf(next) };
    return Response.json(body, { headers: NO_STORE });
  } catch (error) {
    console.warn(`The Directory did not answer: ${String(error)}`);
    return refuse(PROBLEMS.noDirectory);
  }
}

/** Reads the parameters of `GET /api/broadcasts`. */
export function parseQuery(parameters: URLSearchParams): Query | Problem {
  const asked = readParameters(parameters, Parameters);
  return isProblem(asked) ? asked : { state: asked.state, limit: asked.limit, after: asked.cursor };
}

/** Writes a place in the list as the cursor with which the next page is asked for. It is opaque to operators. */
export function cursorOf({ createdAt, id }: Cursor): string {
  return `${createdAt.toString(36)}.${id}`;
}

const Parameters = z.strictObject({
  state: z.enum(STATES).nullable().default(null),
  limit: z
    .string()
    .regex(/^(?:[1-9]\d?|100)$/, "it is a whole number from 1 to 100")
    .transform(Number)
    .default(50),
  cursor: z
    .string()
    .regex(/^[0-9a-z]{1,11}\.[a-z0-9-]{1,64}$/, 'it is what the page before has as "next"')
    .transform(readCursor)
    .nullable()
    .default(null),
});

/** Reads a cursor that {@link cursorOf} has written. */
function readCursor(cursor: string): Cursor {
  const [time = "", id = ""] = cursor.split(".");
  return { createdAt: Number.parseInt(time, 36), id };
}
