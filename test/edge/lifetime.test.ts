import { expect, test } from "vitest";
import { CachedAnswer } from "../../src/edge/cached-answer.ts";
import { isFresh } from "../../src/edge/lifetime.ts";
import { type LiveEdge, writeLiveEdge } from "../../src/live-edge.ts";
import { ENDED, LIVE, PLAIN } from "../kit/live-edges.ts";

/** How long an answer may be kept in an isolate's memory. */

const held = (maxAge: number, liveEdge: LiveEdge | null): Promise<CachedAnswer> =>
  CachedAnswer.of(
    {
      status: 200,
      contentType: "audio/mp4",
      cacheControl: `public, max-age=${maxAge}`,
      retryAfter: null,
      bytes: new Uint8Array(1),
      ageMs: 0,
      liveEdge: liveEdge === null ? null : writeLiveEdge(liveEdge),
    },
    0,
  );

test.each<[string, number, LiveEdge | null, "own" | "newest", number]>([
  ["media", 3_600, null, "own", 3_600_000],
  ["a playlist for its own directives", 12, LIVE, "own", 12_000],
  ["the same, as the newest", 12, LIVE, "newest", 400],
  ["a plain playlist", 1, LIVE, "newest", 400],
  ["a playlist without parts for its own directives", 12, PLAIN, "own", 12_000],
  ["the same, as the newest", 12, PLAIN, "newest", 1_000],
  ["an ended playlist", 60, ENDED, "newest", 60_000],
  ["a playlist without a live edge", 1, null, "newest", 1_000],
  ["an answer that must not be kept", 0, LIVE, "newest", 0],
])("the lifetime of %s", async (_, maxAge, liveEdge, use, millis) => {
  const it = await held(maxAge, liveEdge);
  expect(isFresh(it, use, Math.max(0, millis - 1))).toBe(millis > 0);
  expect(isFresh(it, use, millis)).toBe(false);
});
