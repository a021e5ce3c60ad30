import type { PlayerState } from "./player-state.ts";
import type { StatusAnswer } from "./status.ts";

/**
 * What the listener page does about a new report. `play`; `play-in-doubt`: the same, though the relay leaves requests unanswered;
 * `arm`: wait, and play as soon as there is something to hear; `disarm`: wait no longer; `stop`: stop the player.
 */
export type Step = "none" | "play" | "play-in-doubt" | "arm" | "disarm" | "stop";

/**
 * After this many reports in a row that did not come, a page that waits for the show tries to play it: the media does not depend
 * on the status.
 */
export const MOST_MISSES = 2;

/**
 * Returns what to do about a report.
 *
 * @param armed whether play was pressed before there was anything to hear
 * @param misses how many reports in a row have not come
 */
export function stepAfter(report: StatusAnswer, playing: PlayerState, armed: boolean, misses: number): Step {
  if (armed) return stepWhileWaiting(report, misses);
  // A player whose sound still comes is left alone, whatever the report says.
  if (playing !== "joining" && playing !== "reconnecting") return "none";
  if (report.kind === "missing") return "stop";
  const isClosed = report.kind === "status" && report.status.state === "announced" && !report.status.autoOpen;
  return isClosed ? "arm" : "none";
}

function stepWhileWaiting(report: StatusAnswer, misses: number): Step {
  switch (report.kind) {
    case "missing":
      return "disarm";
    case "unreachable":
      return misses >= MOST_MISSES ? "play-in-doubt" : "none";
    case "status":
      if (report.status.state === "ended") return "disarm";
      return report.status.state === "announced" ? "none" : "play";
  }
}
