import { type Event, isOnLine } from "../events.ts";
import type { DateRange } from "../hls/date-range.ts";
import { MOST_KEPT } from "../hls/window.ts";
import type { Samples } from "../media.ts";
import type { Log } from "./log.ts";

/** Between the names in X-ON-AIR; a name has a comma in its place. */
const BETWEEN = ";";

/** An event that changes what is on the line, as playlists tell it; null for any other. */
export function dateRangeOf(event: Event, listed: Samples): DateRange | null {
  if (!isOnLine(event)) return null;
  const attributes: Record<string, string | number> = { "X-KIND": event.kind };
  if ("title" in event) attributes["X-TITLE"] = event.title;
  if ("onAir" in event) {
    attributes["X-HOSTS"] = event.hosts;
    attributes["X-ON-AIR"] = event.onAir.map((name) => name.replaceAll(BETWEEN, ",")).join(BETWEEN);
  }
  return { id: String(event.id), at: event.at, listed, attributes };
}

/** What playlists of the timeline `epoch` may still tell, as its show's log has it. */
export function storedRanges(log: Log, epoch: string): DateRange[] {
  return log.onLine(epoch, MOST_KEPT).flatMap(({ event, listed }) => dateRangeOf(event, listed) ?? []);
}
