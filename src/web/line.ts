import { ON_LINE } from "../events.ts";
import type { Seen } from "./status.ts";

/** Something that has happened at a show, as its playlist tells it (broadcast/date-ranges.ts). */
export interface Happening {
  readonly id: number;
  readonly kind: (typeof ON_LINE)[number];
  readonly title: string;
  /** How many hosts are heard from then on, and the names of those who are not muted. */
  readonly hosts: number;
  readonly onAir: readonly string[];
}

/** Reads an EXT-X-DATERANGE's attributes; null where it is none of ours, or of a kind that this page does not know. */
export function happeningOf(attributes: Readonly<Record<string, string>>): Happening | null {
  const kind = ON_LINE.find((name) => name === attributes["X-KIND"]);
  const id = Number(attributes.ID);
  if (attributes.CLASS !== "earshot" || kind === undefined || !Number.isInteger(id)) return null;
  return {
    id,
    kind,
    title: attributes["X-TITLE"] ?? "",
    hosts: Number(attributes["X-HOSTS"] ?? 0),
    onAir: (attributes["X-ON-AIR"] ?? "").split(";").filter((name) => name !== ""),
  };
}

/** How a show is after what has happened since it was seen; the same where nothing has. */
export function seenAfter(seen: Seen, happenings: readonly Happening[]): Seen {
  const later = happenings.filter(({ id }) => id > seen.lastEvent).sort((one, other) => one.id - other.id);
  return later.reduce(after, seen);
}

function after(seen: Seen, { id, kind, title, hosts, onAir }: Happening): Seen {
  const now = { ...seen, lastEvent: id };
  switch (kind) {
    case "title":
      return { ...now, title };
    case "host-on":
      return { ...now, state: "live", hosts, onAir, line: heldOr("hosts", seen) };
    case "host-off":
      return { ...now, hosts, onAir, line: heldOr(hosts > 0 ? "hosts" : "silence", seen) };
    case "hold-on":
      return { ...now, line: "hold" };
    case "hold-off":
      return { ...now, line: now.hosts > 0 ? "hosts" : "silence" };
    case "marker":
      return now;
  }
}

/** Hold audio goes on over hosts who come and say nothing: its own end alone ends it, which is told before who is heard then. */
function heldOr(line: "hosts" | "silence", { line: before }: Seen): Seen["line"] {
  return before === "hold" ? before : line;
}
