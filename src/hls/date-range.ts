import type { Samples } from "../media.ts";
import { quotable } from "./quoted.ts";

/**
 * Something that happened at one moment of a show, as its playlists tell it (draft-pantos-hls-rfc8216bis section 4.4.5.1). Its
 * attributes never change, and its id is never another's.
 */
export interface DateRange {
  readonly id: string;
  /** When it happened, milliseconds since 1970. */
  readonly at: number;
  /** How much of the timeline had been listed when it came: it is in lists of more, so that no list ever changes. */
  readonly listed: Samples;
  /** By the attribute's name, which begins with `X-`. */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** What the attributes mean is said by their class: events of a show (src/events.ts). */
const CLASS = "earshot";

/** A date range's line. A single instant has a duration of 0; one without would be open-ended. */
export function dateRangeTag({ id, at, attributes }: DateRange): string {
  const terms = [
    `ID="${quotable(id)}"`,
    `CLASS="${CLASS}"`,
    `START-DATE="${new Date(Math.round(at)).toISOString()}"`,
    "DURATION=0",
    ...Object.entries(attributes).map(([name, value]) =>
      typeof value === "number" ? `${name}=${value}` : `${name}="${quotable(value)}"`,
    ),
  ];
  return `#EXT-X-DATERANGE:${terms.join(",")}`;
}
