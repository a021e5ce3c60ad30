import type { z } from "zod";
import { invalidQuery, type Problem } from "../problem.ts";

/** Reads a URL's query. A parameter that the schema does not name, or that is there twice, is refused by name. */
export function readParameters<T>(parameters: URLSearchParams, schema: z.ZodType<T>): T | Problem {
  const names = [...parameters.keys()];
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  if (twice !== undefined) return invalidQuery(`The parameter "${twice}" may be there once.`);
  const parsed = schema.safeParse(Object.fromEntries(parameters));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === "unrecognized_keys")
    return invalidQuery(`There is no parameter "${issue.keys.join('", "')}".`);
  return invalidQuery(`The parameter "${issue?.path.join(".")}": ${issue?.message}.`);
}
