import type { CachedAnswer } from "./cached-answer.ts";

/** How long a playlist without parts counts as the newest, ms: the max-age of a plain playlist. */
const PLAIN_MS = 1_000;

/**
 * Whether an object in memory may answer requests at `now` (ms since 1970). Its lifetime begins when the origin made it.
 *
 * | object | lifetime |
 * |---|---|
 * | media, multivariant, status, refusal, ended playlist | its max-age |
 * | live playlist, for the directives that it was fetched with | its max-age: it covers them for good |
 * | live playlist, as the newest there is | a part, after which there is a newer one; without parts a second |
 *
 * @param use `own`: the object answers its own URL; `newest`: it answers any request, as the newest playlist
 */
export function isFresh(cached: CachedAnswer, use: Use, now: number): boolean {
  return now - cached.madeAt < lifetimeOf(cached, use);
}

type Use = "own" | "newest";

/** Returns the lifetime of an object, ms. */
function lifetimeOf({ maxAgeMs, liveEdge }: CachedAnswer, use: Use): number {
  if (use === "own" || liveEdge === null || liveEdge.ended) return maxAgeMs;
  return Math.min(maxAgeMs, liveEdge.listsParts ? liveEdge.partMillis : PLAIN_MS);
}
