import { isTooFarAhead, type LiveEdge, partsUntil, placeAsked, projected } from "../live-edge.ts";
import type { Target } from "../paths.ts";

/** What to do with a request for a show whose live edge is known. */
export type Verdict = "ask" | "other-epoch" | "no-such-media" | "too-far-ahead";

/** Segments whose parts may still be asked for after they have left the playlist: 3 target durations are two. */
const GRACE_SEGMENTS = 4;

/**
 * Judges a request at wall-clock time `now`: what can not be there is not asked for, whatever may be there by now is. The
 * origin's refusals are reads like any other, so what it would refuse is refused here.
 */
export function judge(edge: LiveEdge, target: Target, now: number): Verdict {
  if (!("epoch" in target)) return "ask";
  if (target.epoch !== edge.epoch) return "other-epoch";
  const byNow = projected(edge, now);
  switch (target.kind) {
    case "init":
      return "ask";
    case "playlist": {
      const place = placeAsked(edge, target.directives);
      return place !== null && isTooFarAhead(byNow, place) ? "too-far-ahead" : "ask";
    }
    case "segment":
      return partsUntil(byNow, { msn: target.msn }) <= 0 ? "ask" : "no-such-media";
    case "part": {
      const { msn, index } = target;
      const isNamed = index < edge.partsPerSegment && msn >= edge.firstMsn - GRACE_SEGMENTS;
      // The next part may be asked for ahead (EXT-X-PRELOAD-HINT); after the end there is none.
      const isPossible = partsUntil(byNow, { msn, part: index }) <= (edge.ended ? 0 : 1);
      return isNamed && isPossible ? "ask" : "no-such-media";
    }
  }
}
