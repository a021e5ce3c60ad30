import { ATTRIBUTES, IN_PLAYLIST, NAME_SEPARATOR } from "../events.ts";
import type { KnownStatus } from "./status.ts";

/** An event of a show, as a date range in its playlist tells it (broadcast/date-ranges.ts). */
export interface ListedEvent {
  readonly id: number;
  readonly kind: (typeof IN_PLAYLIST)[number];
  readonly title: string;
  /** How many hosts are heard after it, and the names of those who are not muted. */
  readonly hosts: number;
  readonly onAir: readonly string[];
}

/** Reads the attributes of an EXT-X-DATERANGE; null where it is not Earshot's, or of a kind that this page does not know. */
export function readListedEvent(attributes: Readonly<Record<string, string>>): ListedEvent | null {
  const kind = IN_PLAYLIST.find((name) => name === attributes[ATTRIBUTES.kind]);
  const id = Number(attributes.ID);
  if (attributes.CLASS !== "earshot" || kind === undefined || !Number.isInteger(id)) return null;
  return {
    id,
    kind,
    title: attributes[ATTRIBUTES.title] ?? "",
    hosts: Number(attributes[ATTRIBUTES.hosts] ?? 0),
    onAir: (attributes[ATTRIBUTES.onAir] ?? "").split(NAME_SEPARATOR).filter((name) => name !== ""),
  };
}

/** Returns the status `seen`, updated with the events that came after it; unchanged where there are none. */
export function statusAfter(seen: KnownStatus, events: readonly ListedEvent[]): KnownStatus {
  const later = events.filter(({ id }) => id > seen.lastEvent).sort((one, other) => one.id - other.id);
  return later.reduce(after, seen);
}

function after(seen: KnownStatus, { id, kind, title, hosts, onAir }: ListedEvent): KnownStatus {
  const now = { ...seen, lastEvent: id };
  switch (kind) {
    case "title":
      return { ...now, title };
    case "live":
      return { ...now, state: "live" };
    case "host-on":
    case "host-off":
    case "on-air":
      // A muted host, who is counted, makes no show live and adds nothing to the line.
      return {
        ...now,
        state: stateOf(seen, onAir),
        hosts,
        onAir,
        line: seen.line === "hold" ? "hold" : lineOf(onAir),
      };
    case "hold-on":
      return { ...now, line: "hold" };
    case "hold-off":
      return { ...now, line: lineOf(now.onAir) };
    case "marker":
      return now;
  }
}

/**
 * Returns what the programme consists of without hold audio. That goes on while hosts who have come are silent: only its own
 * event, `hold-off`, ends it. A playlist tells `hold-off` before it tells which hosts are heard then.
 */
function lineOf(onAir: readonly string[]): "hosts" | "silence" {
  return onAir.length > 0 ? "hosts" : "silence";
}

/** Who is heard makes a show live. A show that was going on while a new version was deployed does not tell `live`. */
function stateOf({ state }: KnownStatus, onAir: readonly string[]): KnownStatus["state"] {
  return onAir.length > 0 && (state === "announced" || state === "open") ? "live" : state;
}
