import type { ReplayFrom } from "../paths.ts";
import type { IndexedTimeline, SegmentIndex } from "./segment-index.ts";

/** A timeline of which a replay has segments. */
export interface ReplayedTimeline extends IndexedTimeline {
  /** The first of its segments in the replay. */
  readonly firstMsn: number;
}

/**
 * Returns what a replay consists of, in order. From "live": each timeline in which a host was heard, beginning with the segment
 * that was being made then. From "open": every timeline, all of it. Timelines without a finished segment in the replay are
 * left out; the result is empty if there is nothing to replay.
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
