import { ATTRIBUTES, type Event, isInPlaylist, NAME_SEPARATOR } from "../events.ts";
import type { DateRange } from "../hls/date-range.ts";
import { MOST_KEPT } from "../hls/window.ts";
import type { Samples } from "../media.ts";
import type { Log } from "./log.ts";

/**
 * Returns an event that changes what is on the line as a date range for playlists; null for any other event.
 *
 * @param listed how much of the timeline was listed when the event came
 */
export function dateRangeOf(event: Event, listed: Samples): DateRange | null {
  if (!isInPlaylist(event)) return null;
  const attributes: Record<string, string | number> = { [ATTRIBUTES.kind]: event.kind };
  if ("title" in event) attributes[ATTRIBUTES.title] = event.title;
  if ("onAir" in event) {
    attributes[ATTRIBUTES.hosts] = event.hosts;
    const names = event.onAir.map((name) => name.replaceAll(NAME_SEPARATOR, ","));
    attributes[ATTRIBUTES.onAir] = names.join(NAME_SEPARATOR);
  }
  return { id: String(event.id), at: event.at, listed, attributes };
}

/** Returns the date ranges, from the show's log, that playlists of the timeline `epoch` may still have. */
export function storedRanges(log: Log, epoch: string): DateRange[] {
  return log.inPlaylists(epoch, MOST_KEPT).flatMap(({ event, listed }) => dateRangeOf(event, listed) ?? []);
}
