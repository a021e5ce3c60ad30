import {
  isFormer,
  isTooFarAhead,
  type LiveEdge,
  partsUntil,
  positionAsked,
  projected,
} from "../live-edge.ts";
import type { Target } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";

/** How many segments before the first listed one may still be asked for by part. Three target durations are 3.1 segments. */
const GRACE_SEGMENTS = 4;

/**
 * Returns why a request for a show with this live edge is refused at wall-clock time `now` (ms since 1970); null if the origin
 * is to be asked. Refused are objects that can not exist yet or that are gone, and requests that the origin would refuse,
 * which would cost it a read.
 */
export function judge(edge: LiveEdge, target: Target, now: number): Problem | null {
  if (!("epoch" in target)) return null;
  // Rewind lists have only whole segments of the timelines before the present one.
  if (target.epoch !== edge.epoch) return isFormer(edge, target) ? null : PROBLEMS.otherEpoch;
  const byNow = projected(edge, now);
  switch (target.kind) {
    case "init":
      return null;
    case "playlist":
    case "rewind": {
      const position = positionAsked(edge, target.directives);
      return position !== null && isTooFarAhead(byNow, position) ? PROBLEMS.tooFarAhead : null;
    }
    case "segment":
      return target.msn >= edge.oldestMsn && partsUntil(byNow, { msn: target.msn }) <= 0
        ? null
        : PROBLEMS.noSuchMedia;
    case "part": {
      const { msn, index } = target;
      const isNamed = index < edge.partsPerSegment && msn >= edge.firstMsn - GRACE_SEGMENTS;
      // The next part may be asked for ahead (EXT-X-PRELOAD-HINT); after the end there is none.
      const isPossible = partsUntil(byNow, { msn, part: index }) <= (edge.ended ? 0 : 1);
      return isNamed && isPossible ? null : PROBLEMS.noSuchMedia;
    }
  }
}
