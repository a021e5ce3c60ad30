import type { z } from "zod";
import type { Problem } from "../problem.ts";

/** What is said of a body that is not what it should be. */
export interface Refusals {
  tooLarge(limit: number): Problem;
  invalid(error: z.ZodError): Problem;
}

/**
 * Reads a body of JSON.
 *
 * @param limit the most bytes that are read of it
 * @param empty what stands for a body of no bytes; null, which no schema of ours takes: it is refused
 */
export async function readJson<T extends object>(
  request: Request,
  schema: z.ZodType<T>,
  limit: number,
  { tooLarge, invalid }: Refusals,
  empty: object | null = null,
): Promise<T | Problem> {
  const bytes = await readBounded(request, limit);
  if (bytes === null) return tooLarge(limit);
  const parsed = schema.safeParse(bytes.length === 0 ? empty : jsonOf(new TextDecoder().decode(bytes)));
  return parsed.success ? parsed.data : invalid(parsed.error);
}

/** The body, or null when it has more than `limit` bytes; reading stops there, whatever Content-Length says. */
export async function readBounded(request: Request, limit: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > limit) return null;
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/** The text as JSON; null where it is none. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
