import type { Samples } from "../media.ts";
import { quotable } from "./quoted-string.ts";

/**
 * Something that happened at one moment of a show, as its playlists list it (draft-pantos-hls-rfc8216bis section 4.4.5.1). Its
 * attributes never change, and no other date range gets its id.
 */
export interface DateRange {
  readonly id: string;
  /** When it happened, milliseconds since 1970. */
  readonly at: number;
  /** How much of the timeline had been listed when it came. Only longer lists have it, so that no list ever changes. */
  readonly listed: Samples;
  /** Values by attribute name; a name begins with `X-`. */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** The class says what the attributes mean: events of a show (src/events.ts). */
const CLASS = "earshot";

/** Returns a date range's line. An instant has a duration of 0; without a duration it would be open-ended. */
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
