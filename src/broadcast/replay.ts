import type { ReplayFrom } from "../paths.ts";
import type { IndexedTimeline, SegmentIndex } from "./segment-index.ts";

/** A timeline that a replay has segments of. */
export interface ReplayedTimeline extends IndexedTimeline {
  /** The first segment of it that the replay has. */
  readonly firstMsn: number;
}

/**
 * What a replay consists of, in order: of each timeline in which a host was heard what came from then on (the segment that was
 * being made included), or all of every timeline. Timelines of which it has no finished segment are left out; empty where there
 * is nothing to replay.
 */
export function replayOf(
  index: Pick<SegmentIndex, "timelines" | "segments">,
  from: ReplayFrom,
): ReplayedTimeline[] {
  return index.timelines().flatMap((timeline) => {
    const begins = from === "open" ? 0 : timeline.liveFrom;
    const first = begins === null ? undefined : index.segments(timeline.epoch, begins, 1)[0];
    return first === undefined ? [] : [{ ...timeline, firstMsn: first.msn }];
  });
}
