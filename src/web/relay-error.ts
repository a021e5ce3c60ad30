import type { ErrorBody } from "../problem.ts";

/**
 * Reads the relay's own error out of an answer that is not 2xx; null where something else answered. Where the Worker does not run,
 * the asset service answers 404 to everything, and a network's own gate answers whatever it likes: such an answer says nothing
 * about the show.
 */
export async function readError(response: Response): Promise<ErrorBody["error"] | null> {
  const body: unknown = await response.json().catch(() => null);
  const error = (body as { error?: { code?: unknown; message?: unknown } } | null)?.error;
  if (typeof error?.code !== "string") return null;
  return { code: error.code, message: typeof error.message === "string" ? error.message : "" };
}
