import type { z } from "zod";
import { joinBytes } from "../bytes.ts";
import { jsonOf } from "../json.ts";
import type { Problem } from "../problem.ts";

/** The problems with which a body is refused. */
export interface Refusals {
  tooLarge(limit: number): Problem;
  invalid(error: z.ZodError): Problem;
}

/**
 * Reads a JSON body and checks it against `schema`.
 *
 * @param limit the largest body that is accepted, bytes
 * @param empty the value that an empty body stands for. No schema of ours accepts null, so with null an empty body is refused
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

/** Reads a whole body. Returns null, and stops reading, once it exceeds `limit` bytes, whatever Content-Length says. */
export async function readBounded(request: Request, limit: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > limit) return null;
    chunks.push(chunk);
  }
  return joinBytes(chunks);
}
