import type { Held } from "./held.ts";

/** For how long a playlist without parts is handed out as the newest, milliseconds: the max-age of a plain one. */
const PLAIN_MS = 1_000;

/**
 * For how long after it was made an object in memory answers requests, milliseconds.
 *
 * | object | lifetime |
 * |---|---|
 * | media, multivariant, status, refusal, ended playlist | its max-age |
 * | live playlist, asked for with the directives that it was fetched with | its max-age: it covers them for good |
 * | live playlist, as the newest there is | a part, since then there is a newer one; without parts a second |
 *
 * @param use whether the object is the answer to its own URL, or stands for the newest playlist
 */
export function lifetimeOf({ maxAgeMs, liveEdge }: Held, use: "own" | "newest"): number {
  if (use === "own" || liveEdge === null || liveEdge.ended) return maxAgeMs;
  return Math.min(maxAgeMs, liveEdge.listsParts ? liveEdge.partMillis : PLAIN_MS);
}
